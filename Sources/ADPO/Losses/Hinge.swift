extension LossRule {
    /// `max(0, 1 - z)`: SLiC (arXiv 2305.10425) and RSO (arXiv 2309.06657) on DPO's margin. At its
    /// corner the derivative is 0, as PyTorch's.
    static var hinge: LossRule {
        margin { margin, _ in
            margin < 1 ? (loss: 1 - margin, derivative: -1) : (loss: 0, derivative: 0)
        }
    }
}
