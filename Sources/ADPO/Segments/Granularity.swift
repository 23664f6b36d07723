import ADPOBase

/// How the tokens of a response group into the segments whose margins the loss compares.
///
/// As text: "response", "token", "static:8", "adaptive:4", "lines", "sentences", "delimiter:TEXT",
/// "custom".
public enum Granularity: Sendable, Equatable, CustomStringConvertible {
    /// One segment: DPO (arXiv 2305.18290).
    case response
    /// A segment a token.
    case token
    /// Windows of this many tokens; the shorter response is padded to the longer one's length.
    case `static`(Int)
    /// This many runs of near-equal length, each response split by its own length.
    case adaptive(Int)
    /// A segment a line of the text; blank lines belong to the line before.
    case lines
    /// A segment a sentence of the text.
    case sentences
    /// Each segment ends with this text, such as what separates steps of reasoning.
    case delimiter(String)
    /// The ends that the pair itself brings.
    case custom

    /// - Throws: `.invalidArgument` for any other text.
    public init(_ text: String) throws(ADPOError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let size = parts.count == 2 ? Int(parts[1]) : nil
        switch (parts[0], parts.count, size) {
        case ("response", 1, _): self = .response
        case ("token", 1, _): self = .token
        case ("static", 2, let size?) where size >= 1: self = .static(size)
        case ("adaptive", 2, let size?) where size >= 1: self = .adaptive(size)
        case ("lines", 1, _): self = .lines
        case ("sentences", 1, _): self = .sentences
        case ("delimiter", 2, _) where !parts[1].isEmpty: self = .delimiter(String(parts[1]))
        case ("custom", 1, _): self = .custom
        default:
            throw ADPOError(
                .invalidArgument,
                """
                "\(text)" is not a granularity; use response, token, static:K (windows of K \
                tokens), adaptive:M (M runs), lines, sentences, delimiter:TEXT or custom, with K \
                and M at least 1 and a TEXT that is not empty
                """)
        }
    }

    public var description: String {
        switch self {
        case .response: "response"
        case .token: "token"
        case .static(let size): "static:\(size)"
        case .adaptive(let count): "adaptive:\(count)"
        case .lines: "lines"
        case .sentences: "sentences"
        case .delimiter(let text): "delimiter:\(text)"
        case .custom: "custom"
        }
    }

    /// - Throws: `.invalidArgument` for a size below 1, or an empty delimiter.
    package func validate() throws(ADPOError) {
        switch self {
        case .static(let size) where size < 1, .adaptive(let size) where size < 1:
            throw ADPOError(
                .invalidArgument, "the granularity \(self) needs a size of at least 1")
        case .delimiter(""):
            throw ADPOError(
                .invalidArgument, "the delimiter is empty; it needs at least one character")
        default: break
        }
    }

    /// The segments' ends are found in the text of a response.
    var isOfText: Bool {
        switch self {
        case .lines, .sentences, .delimiter: true
        case .response, .token, .static, .adaptive, .custom: false
        }
    }
}
