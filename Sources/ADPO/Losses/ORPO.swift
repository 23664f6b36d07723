import ADPOBase

extension LossRule {
    /// The negative log-likelihood of the chosen response, and for each segment
    /// `-beta log sigmoid(log odds_w - log odds_l)`, where `odds = p / (1 - p)` of the mean log-prob
    /// log p of the segment's tokens (arXiv 2403.07691, equations 4 to 7; its lambda is beta).
    static var orpo: LossRule {
        var rule = LossRule(
            .pairwise { scores, objective in
                let (chosen, chosenSlope) = logOdds(scores.chosen, count: scores.chosenCount)
                let (rejected, rejectedSlope) = logOdds(
                    scores.rejected, count: scores.rejectedCount)
                let margin = chosen - rejected
                let slope = -objective.beta * ADPO.sigmoid(-margin)
                return SegmentLoss(
                    loss: objective.beta * softplus(-margin), chosen: slope * chosenSlope,
                    rejected: -slope * rejectedSlope)
            })
        rule.isReferenceFree = true
        rule.includesSFT = true
        return rule
    }
}

/// log(p / (1 - p)) for log p = sum / count, and its derivative by the sum. Where there are no
/// tokens it is 0, as a log-ratio would be. A log p that single precision rounds to 0 or above
/// counts as the float next to it.
private func logOdds(_ sum: Double, count: Int) -> (value: Double, derivative: Double) {
    guard count > 0 else { return (0, 0) }
    let nearest = -0x1p-24
    let mean = sum / Double(count)
    guard mean < nearest else { return (nearest - log(-expm1(nearest)), 0) }
    let complement = -expm1(mean)  // 1 - p
    return (mean - log(complement), 1 / (complement * Double(count)))
}
