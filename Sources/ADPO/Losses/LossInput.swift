import ADPOBase

/// The numbers that the loss of one pair, or of one unpaired row, looks at. A response that a row
/// lacks has no tokens.
public struct LossInput: Sendable {
    /// The policy's log-probs of the responses' tokens.
    public var policy: ResponsePair<[Float]>
    /// The reference's; nil where the objective needs none.
    public var reference: ResponsePair<[Float]>?
    /// The factor of each token's log-ratio; 1 when nil.
    public var weights: ResponsePair<[Float]>?
    /// Where the segments of granularity `custom` end, as counts of tokens.
    public var segmentEnds: ResponsePair<[Int]>?
    /// Needed by WPO alone: log sum p^2 over the vocabulary, p being the policy's distribution that
    /// each token was drawn from.
    public var logSumSquares: ResponsePair<[Float]>?
    /// Needed by `kto` alone: the estimate of the policy's KL divergence from the reference.
    public var kl = 0.0

    public init(policy: ResponsePair<[Float]>, reference: ResponsePair<[Float]>? = nil) {
        self.policy = policy
        self.reference = reference
    }
}

/// The loss of one pair and its gradient.
public struct LossOutput: Sendable, Equatable {
    public var loss: Double
    /// How many segments were compared.
    public var segments: Int
    /// The loss's derivative by each of the policy's log-probs.
    public var gradient: ResponsePair<[Float]>
}

extension Objective {
    /// The loss alone, for hosts that run the model elsewhere.
    ///
    /// - Throws: `.invalidArgument` for an objective that makes no sense, for counts that differ, and
    ///   for granularities that need the text: give its segments, and granularity `custom`;
    ///   `.numeric` when a log-prob, the loss or its gradient is not finite.
    public func loss(of input: LossInput) throws(ADPOError) -> LossOutput {
        let loss = try PreferenceLoss(self)
        let policy = input.policy.concatenated
        let reference = input.reference?.concatenated
        let weights = input.weights?.concatenated
        let logSumSquares = input.logSumSquares?.concatenated
        let chosenCount = input.policy.chosen.count
        let counts = ResponsePair(chosen: chosenCount, rejected: input.policy.rejected.count)
        for values in [input.reference, input.weights, input.logSumSquares] {
            guard let values, values.counts != counts else { continue }
            throw ADPOError(
                .invalidArgument,
                """
                there are log-probs of \(counts.chosen) chosen and \(counts.rejected) rejected \
                tokens, but other numbers for \(values.chosen.count) and \(values.rejected.count)
                """)
        }
        try input.segmentEnds?.checkSegmentEnds(of: counts)
        let segmentation = try Segmentation(
            granularity, chosenCount: counts.chosen, rejectedCount: counts.rejected,
            segmentEnds: input.segmentEnds)
        var derivative = [Float](repeating: 0, count: policy.count)
        var output = derivative.mutableSpan
        let result = try loss(
            policy: policy.span, reference: reference?.span, weights: weights?.span,
            logSumSquares: logSumSquares?.span, kl: input.kl, segmentation: segmentation,
            derivative: &output)
        return LossOutput(
            loss: result.loss, segments: result.segments,
            gradient: ResponsePair(
                chosen: Array(derivative[..<chosenCount]),
                rejected: Array(derivative[chosenCount...])))
    }
}

extension ResponsePair<[Float]> {
    var concatenated: [Float] { chosen + rejected }
    fileprivate var counts: ResponsePair<Int> {
        ResponsePair<Int>(chosen: chosen.count, rejected: rejected.count)
    }
}
