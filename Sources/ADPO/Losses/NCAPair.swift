extension LossRule {
    /// `softplus(-r_w) + softplus(r_w) / 2 + softplus(r_l) / 2` of the rewards r = beta S (noise
    /// contrastive alignment, arXiv 2402.05369).
    static var ncaPair: LossRule {
        rewards { chosen, rejected in
            SegmentLoss(
                loss: softplus(-chosen) + 0.5 * softplus(chosen) + 0.5 * softplus(rejected),
                chosen: -ADPO.sigmoid(-chosen) + 0.5 * ADPO.sigmoid(chosen),
                rejected: 0.5 * ADPO.sigmoid(rejected))
        }
    }
}
