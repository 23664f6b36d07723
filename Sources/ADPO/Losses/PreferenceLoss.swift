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
        /// The losses of the segments, reduced.
        package var loss = 0.0
        package var segments = 0
        /// The losses of the segments alone, summed whatever the reduction; for `sft` all there is.
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
        try checkCounts(
            segmentation,
            [
                (policy.count, "log-probs"), (derivative.count, "derivatives"),
                (objective.needsReference ? reference?.count ?? 0 : nil, "reference log-probs"),
                (weights?.count, "weights"),
                (objective.usesWPO ? logSumSquares?.count ?? 0 : nil, "log sums of squares"),
            ])
        let chosenCount = segmentation.chosenCount
        let reference = objective.needsReference ? reference : nil
        let tokenWeights = tokenWeights(weights, segmentation)
        func sum(_ tokens: Range<Int>) -> Double {
            var sum = 0.0
            for token in tokens {
                sum +=
                    tokenWeights[token] * (Double(policy[token]) - Double(reference?[token] ?? 0))
            }
            return sum
        }
        let scores = segmentation.segments.map { segment in
            SegmentScores(
                chosen: sum(segment.chosen), rejected: sum(segment.rejected + chosenCount),
                chosenCount: segment.chosen.count, rejectedCount: segment.rejected.count)
        }
        let losses = scores.map { loss($0, kl: kl) }

        let pairWeight =
            objective.usesWPO ? policyWeight(policy, logSumSquares, chosenCount) : 1
        let result = reduced(losses, scores, pairWeight: pairWeight, policy, chosenCount)
        let isGradientFinite = differentiate(
            losses, segmentation, tokenWeights, scale: pairWeight * scale, &derivative)
        guard isGradientFinite, result.loss.isFinite, result.chosenLogRatio.isFinite,
            result.rejectedLogRatio.isFinite
        else { throw numericError(policy, reference, chosenCount, objective.beta) }
        return result
    }

    /// - Parameter counts: how many numbers there are of a kind; nil where the loss needs none.
    private func checkCounts(
        _ segmentation: Segmentation, _ counts: [(count: Int?, name: String)]
    ) throws(ADPOError) {
        let (chosenCount, rejectedCount) = (segmentation.chosenCount, segmentation.rejectedCount)
        try objective.checkResponses(chosenCount: chosenCount, rejectedCount: rejectedCount)
        let needed = chosenCount + rejectedCount
        for (count, name) in counts {
            guard let count else { continue }
            try require(count == needed, "there are \(count) \(name); the loss needs \(needed)")
        }
    }

    /// The factor of each token's log-ratio: its own weight, and less beyond the length of the
    /// other response where the objective says so.
    private func tokenWeights(_ weights: Span<Float>?, _ segmentation: Segmentation) -> [Double] {
        let (chosenCount, rejectedCount) = (segmentation.chosenCount, segmentation.rejectedCount)
        let sharedCount = min(chosenCount, rejectedCount)
        return (0..<chosenCount + rejectedCount).map { token in
            let position = token < chosenCount ? token : token - chosenCount
            return Double(weights?[token] ?? 1) * (position < sharedCount ? 1 : objective.ldAlpha)
        }
    }

    /// The share of a segment's loss in its pair's.
    private func share(of segments: Int) -> Double {
        objective.reduction == .mean ? 1 / Double(max(segments, 1)) : 1
    }

    /// The derivative of the negative log-likelihood by each chosen token's log-prob.
    private func likelihoodSlope(_ chosenCount: Int) -> Double {
        -objective.likelihoodWeight / Double(max(chosenCount, 1))
    }

    private func reduced(
        _ losses: [SegmentLoss], _ scores: [SegmentScores], pairWeight: Double,
        _ policy: Span<Float>, _ chosenCount: Int
    ) -> Result {
        var result = Result()
        result.segments = losses.count
        for (loss, scores) in zip(losses, scores) {
            result.segmentLoss += loss.loss
            result.chosenLogRatio += scores.chosen
            result.rejectedLogRatio += scores.rejected
        }
        result.loss = share(of: losses.count) * result.segmentLoss
        if objective.likelihoodWeight > 0 {
            let slope = likelihoodSlope(chosenCount)
            for token in 0..<chosenCount { result.loss += slope * Double(policy[token]) }
        }
        if case .none = rule.formula { result.segmentLoss = result.loss }
        result.loss *= pairWeight
        result.segmentLoss *= pairWeight
        return result
    }

    /// Fills in the loss's derivative by each log-prob, times `scale`.
    ///
    /// - Returns: Whether all of it is finite.
    private func differentiate(
        _ losses: [SegmentLoss], _ segmentation: Segmentation, _ tokenWeights: [Double],
        scale: Double, _ derivative: inout MutableSpan<Float>
    ) -> Bool {
        let chosenCount = segmentation.chosenCount
        let share = share(of: losses.count)
        let likelihoodSlope = likelihoodSlope(chosenCount)
        for (segment, loss) in zip(segmentation.segments, losses) {
            for token in segment.chosen {
                derivative[token] = Float(
                    scale * (share * loss.chosen * tokenWeights[token] + likelihoodSlope))
            }
            for token in segment.rejected + chosenCount {
                derivative[token] = Float(scale * (share * loss.rejected * tokenWeights[token]))
            }
        }
        return (0..<derivative.count).allSatisfy { derivative[$0].isFinite }
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

extension Range<Int> {
    fileprivate static func + (range: Range, offset: Int) -> Range {
        range.lowerBound + offset..<range.upperBound + offset
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
