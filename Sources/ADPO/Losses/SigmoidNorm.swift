extension LossRule {
    /// `softplus(gamma - beta (S_w / n_w - S_l / n_l))`: DPO of token means; without reference and
    /// with a target margin gamma it is SimPO (arXiv 2405.14734, equation 6). Label smoothing is as
    /// in `sigmoid`.
    static var sigmoidNorm: LossRule {
        var rule = meanDifference { difference, objective in
            let (loss, slope) = smoothedSigmoid(
                objective.beta * difference - objective.targetMargin,
                smoothing: objective.labelSmoothing)
            return (loss, objective.beta * slope)
        }
        rule.hasTargetMargin = true
        rule.hasLabelSmoothing = true
        return rule
    }
}
