extension LossRule {
    /// `((1 - e) softplus(-z) - e softplus(z)) / (1 - 2 e)`: without bias when each label is wrong
    /// with probability e (robust DPO, arXiv 2403.00409, equation 10).
    static var robust: LossRule {
        var rule = margin { margin, objective in
            let e = objective.labelSmoothing
            let scale = 1 / (1 - 2 * e)
            return (
                loss: scale * ((1 - e) * softplus(-margin) - e * softplus(margin)),
                derivative: -scale * ((1 - e) * ADPO.sigmoid(-margin) + e * ADPO.sigmoid(margin))
            )
        }
        rule.hasLabelSmoothing = true
        return rule
    }
}
