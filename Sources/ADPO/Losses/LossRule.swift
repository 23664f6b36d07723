/// The formula of a loss, and which options it has a place for.
package struct LossRule: Sendable {
    package let formula: Formula
    /// Compares a difference, which has a meaning also without the reference, with a margin of 0.
    package var isOfMargin = false
    package var hasTargetMargin = false
    package var hasLabelSmoothing = false
    /// Is of the policy's log-probs alone.
    package var isReferenceFree = false
    /// Includes the negative log-likelihood of the chosen response.
    package var includesSFT = false

    package enum Formula: Sendable {
        /// The loss of one segment, so that it composes with every granularity.
        case pairwise(@Sendable (SegmentScores, Objective) -> SegmentLoss)
        /// The loss of one row, unpaired, from its summed log-ratio and the KL divergence.
        case unpaired(
            @Sendable (_ logRatio: Double, _ isDesirable: Bool, _ kl: Double, Objective) ->
                (loss: Double, derivative: Double))
        /// Nothing but the negative log-likelihood.
        case none
    }

    init(_ formula: Formula) { self.formula = formula }

    /// A loss of the margin `beta (S_w - S_l) - gamma`.
    static func margin(
        _ link:
            @escaping @Sendable (_ margin: Double, Objective) -> (
                loss: Double, derivative: Double
            )
    ) -> LossRule {
        var rule = LossRule(
            .pairwise { scores, objective in
                let beta = objective.beta
                let (loss, slope) = link(
                    beta * (scores.chosen - scores.rejected) - objective.targetMargin, objective)
                return SegmentLoss(loss: loss, chosen: beta * slope, rejected: -beta * slope)
            })
        rule.isOfMargin = true
        rule.hasTargetMargin = true
        return rule
    }

    /// A loss of the difference of token means `S_w / n_w - S_l / n_l`; n counts tokens, whatever
    /// their weights, and is 1 for none, as in TRL.
    static func meanDifference(
        _ link:
            @escaping @Sendable (_ difference: Double, Objective) -> (
                loss: Double, derivative: Double
            )
    ) -> LossRule {
        var rule = LossRule(
            .pairwise { scores, objective in
                let chosenCount = Double(max(scores.chosenCount, 1))
                let rejectedCount = Double(max(scores.rejectedCount, 1))
                let (loss, slope) = link(
                    scores.chosen / chosenCount - scores.rejected / rejectedCount, objective)
                return SegmentLoss(
                    loss: loss, chosen: slope / chosenCount, rejected: -slope / rejectedCount)
            })
        rule.isOfMargin = true
        return rule
    }

    /// A loss of the two rewards `beta S_w` and `beta S_l`, each by itself.
    static func rewards(
        _ loss: @escaping @Sendable (_ chosen: Double, _ rejected: Double) -> SegmentLoss
    ) -> LossRule {
        LossRule(
            .pairwise { scores, objective in
                let beta = objective.beta
                let result = loss(beta * scores.chosen, beta * scores.rejected)
                return SegmentLoss(
                    loss: result.loss, chosen: beta * result.chosen,
                    rejected: beta * result.rejected)
            })
    }
}

/// The numbers of one segment that its loss looks at: S_w and S_l, the weighted sums of the
/// log-ratios of policy to reference (of the policy's log-probs where there is no reference), and
/// how many tokens each sums.
package struct SegmentScores: Sendable, Equatable {
    package var chosen: Double
    package var rejected: Double
    package var chosenCount: Int
    package var rejectedCount: Int

    package init(chosen: Double, rejected: Double, chosenCount: Int, rejectedCount: Int) {
        self.chosen = chosen
        self.rejected = rejected
        self.chosenCount = chosenCount
        self.rejectedCount = rejectedCount
    }
}

/// The loss of one segment, and its derivatives by S_w and S_l.
package struct SegmentLoss: Sendable, Equatable {
    package var loss: Double
    package var chosen: Double
    package var rejected: Double
}
