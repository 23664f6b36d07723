import ADPOTensor

/// How the tokens of a response group into the segments whose margins the loss compares.
///
/// As text: "response", "token", "static:8", "adaptive:4".
public enum Granularity: Sendable, Equatable, CustomStringConvertible {
    /// One segment: DPO (arXiv 2305.18290).
    case response
    /// A segment a token.
    case token
    /// Windows of this many tokens; the shorter response is padded to the longer one's length.
    case `static`(Int)
    /// This many runs of near-equal length, each response split by its own length.
    case adaptive(Int)

    /// - Throws: `.invalidArgument` for any other text.
    public init(_ text: String) throws(ADPOError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let size = parts.count == 2 ? Int(parts[1]) : nil
        switch (parts[0], parts.count, size) {
        case ("response", 1, _): self = .response
        case ("token", 1, _): self = .token
        case ("static", 2, let size?) where size >= 1: self = .static(size)
        case ("adaptive", 2, let size?) where size >= 1: self = .adaptive(size)
        default:
            throw ADPOError(
                .invalidArgument,
                """
                "\(text)" is not a granularity; use response, token, static:K (windows of K \
                tokens) or adaptive:M (M runs), with K and M at least 1
                """)
        }
    }

    public var description: String {
        switch self {
        case .response: "response"
        case .token: "token"
        case .static(let size): "static:\(size)"
        case .adaptive(let count): "adaptive:\(count)"
        }
    }
}
