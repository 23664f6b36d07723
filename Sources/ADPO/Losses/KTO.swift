extension LossRule {
    /// `weight (1 - sigmoid(beta (S - KL)))` of a desirable response, and
    /// `weight (1 - sigmoid(beta (KL - S)))` of an undesirable one, from its summed log-ratio S
    /// (arXiv 2402.01306, equation 7). KL is an estimate for the batch, and a constant.
    static var kto: LossRule {
        LossRule(
            .unpaired { logRatio, isDesirable, kl, objective in
                let sign: Double = isDesirable ? 1 : -1
                let weight =
                    isDesirable ? objective.desirableWeight : objective.undesirableWeight
                let value = sign * objective.beta * (logRatio - kl)
                let loss = ADPO.sigmoid(-value)  // 1 - sigmoid(value)
                return (
                    loss: weight * loss,
                    derivative: -weight * sign * objective.beta * loss * ADPO.sigmoid(value)
                )
            })
    }
}
