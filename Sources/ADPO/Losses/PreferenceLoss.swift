import ADPOBase

/// The loss of one preference pair, or of one unpaired row, from the log-probs of its response
/// tokens alone: the objective's loss of each segment, from the sums S of the segment's weighted
/// log-ratios (arXiv 2602.09533), reduced over the segments.
///
/// Sums and margins are in double precision; only the inputs and the derivative are floats. All
/// arrays hold the chosen response's tokens, then the rejected one's: `// [chosen + rejected]`.
package struct PreferenceLoss: Sendable {
    package let objective: Objective
    private let rule: LossRule

    /// - Throws: `.invalidArgument` for an objective that makes no sense.
    package init(_ objective: Objective) throws(ADPOError) {
        try objective.validate()
        self.objective = objective
        rule = objective.loss.rule
    }

    package struct Result: Sendable, Equatable {
        /// Reduced over the segments.
        package var loss = 0.0
        package var segments = 0
        /// Of the segments alone, summed whatever the reduction; for `sft` all there is.
        package var segmentLoss = 0.0
        /// log policy - log reference, weighted and summed over the response; times beta it is the
        /// reward.
        package var chosenLogRatio = 0.0
        package var rejectedLogRatio = 0.0
    }

    /// - Parameters:
    ///   - policy: log-probs of the response tokens.
    ///   - reference: the reference's; nil where the objective needs none.
    ///   - weights: what multiplies each log-ratio; 1 when nil.
    ///   - logSumSquares: log sum p^2 over the vocabulary, where each token stands; for WPO alone.
    ///   - kl: the estimate of the KL divergence from the reference, for `kto` alone.
    ///   - scale: the weight of this pair in the batch's loss, which multiplies the derivative only.
    ///   - derivative: receives the loss's derivative by each of the policy's log-probs.
    /// - Throws: `.numeric` when a log-prob, the loss or its gradient is not finite, and what
    ///   `derivative` holds is then of no use; `.invalidArgument` when counts differ, or a response
    ///   is missing.
    package func callAsFunction(
        policy: Span<Float>, reference: Span<Float>?, weights: Span<Float>? = nil,
        logSumSquares: Span<Float>? = nil, kl: Double = 0, segmentation: Segmentation,
        scale: Double = 1, derivative: inout MutableSpan<Float>
    ) throws(ADPOError) -> Result {
        let chosenCount = segmentation.chosenCount
        let rejectedCount = segmentation.rejectedCount
        try objective.checkResponses(chosenCount: chosenCount, rejectedCount: rejectedCount)
        var counts = [(policy.count, "log-probs"), (derivative.count, "derivatives")]
        if objective.needsReference {
            counts.append((reference?.count ?? 0, "reference log-probs"))
        }
        if let weights { counts.append((weights.count, "weights")) }
        if objective.usesWPO { counts.append((logSumSquares?.count ?? 0, "log sums of squares")) }
        try check(counts, chosenCount + rejectedCount)
        let reference = objective.needsReference ? reference : nil
        let pairWeight =
            objective.usesWPO ? policyWeight(policy, logSumSquares, chosenCount) : 1

        let sharedCount = min(chosenCount, rejectedCount)
        func weight(_ token: Int) -> Double {
            let position = token < chosenCount ? token : token - chosenCount
            return Double(weights?[token] ?? 1) * (position < sharedCount ? 1 : objective.ldAlpha)
        }
        func sum(_ tokens: Range<Int>) -> Double {
            var sum = 0.0
            for token in tokens {
                sum += weight(token) * (Double(policy[token]) - Double(reference?[token] ?? 0))
            }
            return sum
        }

        var result = Result()
        result.segments = segmentation.segments.count
        let share = objective.reduction == .mean ? 1 / Double(max(result.segments, 1)) : 1
        // The derivative of the negative log-likelihood by each chosen token's log-prob.
        let likelihoodSlope = -objective.likelihoodWeight / Double(max(chosenCount, 1))
        var isFinite = true
        func single(_ slope: Double) -> Float {
            let value = Float(pairWeight * scale * slope)
            isFinite = isFinite && value.isFinite
            return value
        }
        for segment in segmentation.segments {
            let chosen = segment.chosen
            let rejected =
                segment.rejected.lowerBound + chosenCount..<segment.rejected.upperBound
                + chosenCount
            let scores = SegmentScores(
                chosen: sum(chosen), rejected: sum(rejected), chosenCount: chosen.count,
                rejectedCount: rejected.count)
            result.chosenLogRatio += scores.chosen
            result.rejectedLogRatio += scores.rejected

            let segmentLoss = loss(scores, kl: kl)
            result.segmentLoss += segmentLoss.loss
            for token in chosen {
                derivative[token] = single(
                    share * segmentLoss.chosen * weight(token) + likelihoodSlope)
            }
            for token in rejected {
                derivative[token] = single(share * segmentLoss.rejected * weight(token))
            }
        }
        result.loss = share * result.segmentLoss
        if objective.likelihoodWeight > 0 {
            for token in 0..<chosenCount { result.loss += likelihoodSlope * Double(policy[token]) }
        }
        if case .none = rule.formula { result.segmentLoss = result.loss }
        result.loss *= pairWeight
        result.segmentLoss *= pairWeight
        guard isFinite, result.loss.isFinite, result.chosenLogRatio.isFinite,
            result.rejectedLogRatio.isFinite
        else { throw numericError(policy, reference, chosenCount, objective.beta) }
        return result
    }

    /// The loss of one segment.
    private func loss(_ scores: SegmentScores, kl: Double) -> SegmentLoss {
        switch rule.formula {
        case .pairwise(let formula):
            guard objective.dpopLambda > 0, scores.chosen < 0 else {
                return formula(scores, objective)
            }
            // S_w - lambda max(0, -S_w); at 0 its derivative is 1, as relu's.
            let growth = 1 + objective.dpopLambda
            var scores = scores
            scores.chosen *= growth
            var loss = formula(scores, objective)
            loss.chosen *= growth
            return loss
        case .unpaired(let formula):
            var loss = SegmentLoss(loss: 0, chosen: 0, rejected: 0)
            if scores.chosenCount > 0 {
                let (value, slope) = formula(scores.chosen, true, kl, objective)
                loss.loss += value
                loss.chosen = slope
            }
            if scores.rejectedCount > 0 {
                let (value, slope) = formula(scores.rejected, false, kl, objective)
                loss.loss += value
                loss.rejected = slope
            }
            return loss
        case .none:
            return SegmentLoss(loss: 0, chosen: 0, rejected: 0)
        }
    }
}

private func check(_ counts: [(Int, String)], _ needed: Int) throws(ADPOError) {
    for (count, name) in counts {
        try require(count == needed, "there are \(count) \(name); the loss needs \(needed)")
    }
}

/// `exp(mean of (log p(y_t) - log sum p^2))`, the product for both responses: how likely the policy
/// is to write them itself, compared with what it writes (WPO, arXiv 2406.11827, equation 2 and
/// section 3.2). A constant, as in TRL.
private func policyWeight(
    _ policy: Span<Float>, _ logSumSquares: Span<Float>?, _ chosenCount: Int
) -> Double {
    func mean(_ tokens: Range<Int>) -> Double {
        var sum = 0.0
        for token in tokens { sum += Double(policy[token]) - Double(logSumSquares?[token] ?? 0) }
        return sum / Double(max(tokens.count, 1))
    }
    return exp(mean(0..<chosenCount) + mean(chosenCount..<policy.count))
}

/// Names the first log-prob that is not finite.
private func numericError(
    _ policy: Span<Float>, _ reference: Span<Float>?, _ chosenCount: Int, _ beta: Double
) -> ADPOError {
    for token in 0..<policy.count where !(policy[token] - (reference?[token] ?? 0)).isFinite {
        let place =
            token < chosenCount
            ? "chosen token \(token)" : "rejected token \(token - chosenCount)"
        var message = "the log-prob of \(place) is \(policy[token])"
        if let reference { message += ", the reference's \(reference[token])" }
        return ADPOError(.numeric, message)
    }
    return ADPOError(
        .numeric, "the loss or its gradient is beyond what a float holds; beta is \(beta)")
}
