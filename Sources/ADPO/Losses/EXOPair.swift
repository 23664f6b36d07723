import ADPOBase

extension LossRule {
    /// The KL divergence of (sigmoid(z), sigmoid(-z)) from (1 - e, e), for label smoothing e above 0
    /// (arXiv 2402.00856, equation 16). Its derivative is
    /// `sigmoid(z) sigmoid(-z) (z - log((1 - e) / e))`.
    static var exoPair: LossRule {
        var rule = margin { margin, objective in
            let e = objective.labelSmoothing
            let (chosen, rejected) = (ADPO.sigmoid(margin), ADPO.sigmoid(-margin))
            return (
                loss: chosen * (-softplus(-margin) - log1p(-e))
                    + rejected * (-softplus(margin) - log(e)),
                derivative: chosen * rejected * (margin - log1p(-e) + log(e))
            )
        }
        rule.hasLabelSmoothing = true
        return rule
    }
}
