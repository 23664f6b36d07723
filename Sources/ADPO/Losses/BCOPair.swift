extension LossRule {
    /// `softplus(-r_w) + softplus(r_l)` of the rewards r = beta S: a classifier of the responses
    /// (arXiv 2404.04656), without the shift by a running mean, as in TRL's DPOTrainer.
    static var bcoPair: LossRule {
        rewards { chosen, rejected in
            SegmentLoss(
                loss: softplus(-chosen) + softplus(rejected),
                chosen: -ADPO.sigmoid(-chosen), rejected: ADPO.sigmoid(rejected))
        }
    }
}
