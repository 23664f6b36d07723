extension LossRule {
    /// `sigmoid(r_w) + 1 - sigmoid(r_w - r_l)` of the rewards r = beta S: for chosen responses that
    /// are worse than what the model writes (arXiv 2408.06266, equation 8).
    static var apoDown: LossRule {
        rewards { chosen, rejected in
            let margin = chosen - rejected
            let slope = ADPO.sigmoid(margin) * ADPO.sigmoid(-margin)
            return SegmentLoss(
                loss: ADPO.sigmoid(chosen) + ADPO.sigmoid(-margin),
                chosen: ADPO.sigmoid(chosen) * ADPO.sigmoid(-chosen) - slope, rejected: slope)
        }
    }
}
