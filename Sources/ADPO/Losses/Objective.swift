import ADPOTensor

/// What a trainer minimizes: the composition of a granularity with a loss.
public struct Objective: Sendable, Equatable {
    /// How the tokens of a response group into segments (arXiv 2602.09533).
    public var granularity = Granularity.response
    public var loss = Loss.sigmoid
    /// How far the policy may go from the reference: the less, the higher.
    public var beta = 0.1

    public init() {}

    /// - Throws: `.invalidArgument` for values that make no sense.
    package func validate() throws(ADPOError) {
        guard beta > 0, beta.isFinite else {
            throw ADPOError(.invalidArgument, "beta is \(beta); it must be a number above 0")
        }
    }
}
