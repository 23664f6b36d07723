extension LossRule {
    /// The mean negative log-likelihood of the chosen response's tokens, and nothing else.
    static var sft: LossRule {
        var rule = LossRule(.none)
        rule.isReferenceFree = true
        rule.includesSFT = true
        return rule
    }
}
