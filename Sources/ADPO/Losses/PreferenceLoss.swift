import ADPOTensor

/// The loss of one preference pair, from the log-probs of its response tokens alone:
/// `sum over segments i of loss(z_i)`, `z_i = beta (S_w(i) - S_l(i))`, where `S(i)` sums the
/// log-ratios of policy to reference over the segment's tokens (arXiv 2602.09533).
///
/// Sums and margins are in double precision; only the inputs and the derivative are floats.
package struct PreferenceLoss: Sendable {
    package let objective: Objective

    /// - Throws: `.invalidArgument` for an objective that makes no sense.
    package init(_ objective: Objective) throws(ADPOError) {
        try objective.validate()
        self.objective = objective
    }

    package struct Result: Sendable, Equatable {
        /// Summed over the segments.
        package var loss = 0.0
        package var segments = 0
        /// log policy - log reference, summed over the response; times beta it is the reward.
        package var chosenLogRatio = 0.0
        package var rejectedLogRatio = 0.0
    }

    /// - Parameters:
    ///   - policy, reference: log-probs of the response tokens, `// [chosen + rejected]`.
    ///   - scale: the weight of this pair in the batch's loss, which multiplies the derivative only.
    ///   - derivative: receives the loss's derivative by each of the policy's log-probs,
    ///     `// [chosen + rejected]`.
    /// - Throws: `.numeric` when a log-prob or the loss is not finite, and what `derivative` holds
    ///   is then of no use; `.invalidArgument` when the counts differ.
    package func callAsFunction(
        policy: Span<Float>, reference: Span<Float>, segmentation: Segmentation,
        scale: Double = 1, derivative: inout MutableSpan<Float>
    ) throws(ADPOError) -> Result {
        let chosenCount = segmentation.chosenCount
        let count = chosenCount + segmentation.rejectedCount
        guard policy.count == count, reference.count == count, derivative.count == count else {
            throw ADPOError(.invalidArgument, "the loss needs \(count) log-probs of each kind")
        }
        let beta = objective.beta
        var result = Result()
        result.segments = segmentation.segments.count
        for segment in segmentation.segments {
            let chosen = segment.chosen
            let rejected =
                segment.rejected.lowerBound + chosenCount..<segment.rejected.upperBound
                + chosenCount
            let chosenLogRatio = sumLogRatios(policy, reference, chosen)
            let rejectedLogRatio = sumLogRatios(policy, reference, rejected)
            result.chosenLogRatio += chosenLogRatio
            result.rejectedLogRatio += rejectedLogRatio

            let (loss, slope) = objective.loss(beta * (chosenLogRatio - rejectedLogRatio))
            result.loss += loss
            let perToken = Float(scale * beta * slope)
            for token in chosen { derivative[token] = perToken }
            for token in rejected { derivative[token] = -perToken }
        }
        guard result.loss.isFinite, result.chosenLogRatio.isFinite, result.rejectedLogRatio.isFinite
        else { throw numericError(policy, reference, chosenCount) }
        return result
    }
}

private func sumLogRatios(
    _ policy: Span<Float>, _ reference: Span<Float>, _ tokens: Range<Int>
) -> Double {
    var sum = 0.0
    for token in tokens { sum += Double(policy[token]) - Double(reference[token]) }
    return sum
}

/// Names the first log-prob that is not finite.
private func numericError(
    _ policy: Span<Float>, _ reference: Span<Float>, _ chosenCount: Int
) -> ADPOError {
    for token in 0..<policy.count where !(policy[token] - reference[token]).isFinite {
        let place =
            token < chosenCount
            ? "chosen token \(token)" : "rejected token \(token - chosenCount)"
        return ADPOError(
            .numeric,
            "the log-prob of \(place) is \(policy[token]), the reference's \(reference[token])")
    }
    return ADPOError(.numeric, "the loss is not finite; lower beta")
}
