extension LossRule {
    /// `softplus(-z) = -log sigmoid(z)`: DPO (arXiv 2305.18290, equation 7), and ADPO with more than
    /// one segment. With label smoothing e, the probability of a label being wrong,
    /// `(1 - e) softplus(-z) + e softplus(z)` (conservative DPO, arXiv 2305.18290 and TRL's CPO).
    static var sigmoid: LossRule {
        var rule = margin { smoothedSigmoid($0, smoothing: $1.labelSmoothing) }
        rule.hasLabelSmoothing = true
        return rule
    }
}

/// Its derivative is `-(1 - e) sigmoid(-z) + e sigmoid(z) = e - sigmoid(-z)`.
func smoothedSigmoid(
    _ margin: Double, smoothing: Double
) -> (loss: Double, derivative: Double) {
    // Without smoothing the second term is 0, and the sums are exact.
    (
        loss: (1 - smoothing) * softplus(-margin) + smoothing * softplus(margin),
        derivative: smoothing - ADPO.sigmoid(-margin)
    )
}
