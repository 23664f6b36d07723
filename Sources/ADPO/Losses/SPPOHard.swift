extension LossRule {
    /// `(S_w - 1 / (2 beta))^2 + (S_l + 1 / (2 beta))^2` (SPPO, arXiv 2405.00675, equation 4.7, with
    /// probability 1 for the chosen response).
    static var sppoHard: LossRule {
        LossRule(
            .pairwise { scores, objective in
                let target = 1 / (2 * objective.beta)
                let chosenError = scores.chosen - target
                let rejectedError = scores.rejected + target
                return SegmentLoss(
                    loss: chosenError * chosenError + rejectedError * rejectedError,
                    chosen: 2 * chosenError, rejected: 2 * rejectedError)
            })
    }
}
