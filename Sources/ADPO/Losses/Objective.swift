/// The function that a trainer minimizes: one composition of granularity, loss and options.
/// docs/METHOD.md has the formulae.
public struct Objective: Sendable, Equatable {
    /// How the tokens of a response group into segments (arXiv 2602.09533).
    public var granularity = Granularity.response
    public var padding = Padding.mask
    public var loss = Loss.sigmoid
    /// How much a log-ratio counts: a higher one holds the policy closer to the reference.
    public var beta = 0.1
    /// The probability of a label being wrong; for `sigmoid`, `robust`, `sigmoidNorm`, `exoPair`.
    public var labelSmoothing = 0.0
    /// How the losses of a pair's segments become one.
    public var reduction = Reduction.sum
    /// The reference's log-probs are 0 (SimPO, CPO), and not computed.
    public var isReferenceFree = false
    /// Gamma, by which a margin must exceed 0 (SimPO).
    public var targetMargin = 0.0
    /// The weight of the chosen response's mean negative log-likelihood, which is added (RPO, CPO).
    public var sftWeight = 0.0
    /// Lambda of DPO-Positive (arXiv 2402.13228): a chosen response that falls below the reference
    /// counts this much more.
    public var dpopLambda = 0.0
    /// The weight of a response's tokens beyond the length of the other (LD-DPO, arXiv 2409.06411).
    public var ldAlpha = 1.0
    /// Each pair weighs as much as the policy would write it itself (WPO, arXiv 2406.11827).
    public var usesWPO = false
    /// The weights of the desirable and of the undesirable rows of `kto`.
    public var desirableWeight = 1.0
    public var undesirableWeight = 1.0

    public init() {}

    /// Whether the loss looks at the reference's log-probs.
    public var needsReference: Bool { !isReferenceFree && !loss.rule.isReferenceFree }

    /// The factor of the mean negative log-likelihood of the chosen response.
    var likelihoodWeight: Double { loss.rule.includesSFT ? 1 : sftWeight }
}

/// How the losses of a pair's segments become one.
public enum Reduction: String, Sendable, CaseIterable {
    /// More segments weigh more, as in arXiv 2602.09533.
    case sum
    case mean
}
