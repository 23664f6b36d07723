extension LossRule {
    /// `1 - sigmoid(r_w) + sigmoid(r_l)` of the rewards r = beta S: for chosen responses that are
    /// better than what the model writes (arXiv 2408.06266, equation 7).
    static var apoZero: LossRule {
        rewards { chosen, rejected in
            let (p, q) = (ADPO.sigmoid(chosen), ADPO.sigmoid(rejected))
            return SegmentLoss(
                loss: ADPO.sigmoid(-chosen) + q, chosen: -p * ADPO.sigmoid(-chosen),
                rejected: q * ADPO.sigmoid(-rejected))
        }
    }
}
