import ADPOBase

/// The result of reading an export back.
public struct ExportReport: Sendable, Equatable {
    /// The size of the weights that were written.
    public var byteCount: Int
    /// The number of tokens whose log-probs were compared.
    public var tokens: Int
    /// |log-prob read back - log-prob in memory|, the mean over the tokens and the largest.
    public var meanDifference: Double
    public var maxDifference: Double
}

/// The log-probs of a fixed text, which an export must give again.
struct ExportCheck {
    /// Words, digits, contractions, line breaks, punctuation and characters beyond ASCII: what
    /// tokenizers treat differently.
    private static let text = """
        The capital of France is Paris, isn't it?
          In 2024, 12345 people said "caf\u{E9}" \u{1F600} - and they\u{2019}re right!


        def f(x): return x**2
        """

    /// The mean difference that only rounding in other places makes.
    static let exact = 1e-3

    private let encoded: [Int32]
    private let tokens: [Int32]
    private let expected: [Float]

    /// - Throws: `.outOfMemory`, `.numeric`.
    init(model: Model, adapter: Adapter?) throws(ADPOError) {
        encoded = model.tokenizer.encode(Self.text)
        let vocabulary = Int32(clamping: model.architecture.vocabulary)
        // Other tokens where the text has none, or some that the model does not score.
        let isScored = encoded.count > 1 && encoded.allSatisfy { $0 < vocabulary }
        tokens = isScored ? encoded : (0..<32).map { $0 % vocabulary }
        expected = try Self.logProbs(model, adapter, tokens)
        guard expected.allSatisfy(\.isFinite) else {
            throw ADPOError(.numeric, "\(model.path): its log-probs are not finite")
        }
    }

    /// Compares what was written with what is in memory.
    ///
    /// - Throws: `.numeric` when the mean difference is above `bound` or not finite, `.internal`
    ///   when the written tokenizer is another one, `.outOfMemory`.
    func compare(
        _ model: Model, adapter: Adapter?, bound: Double, byteCount: Int, path: String
    ) throws(ADPOError) -> ExportReport {
        guard model.tokenizer.encode(Self.text) == encoded else {
            throw ADPOError(
                .internal, "\(path) is not written: its tokenizer would read text differently")
        }
        let differences = zip(try Self.logProbs(model, adapter, tokens), expected)
            .map { Double(abs($0 - $1)) }
        let report = ExportReport(
            byteCount: byteCount, tokens: differences.count,
            meanDifference: differences.reduce(0, +) / Double(max(differences.count, 1)),
            maxDifference: differences.max() ?? 0)
        guard report.meanDifference <= bound else {
            throw ADPOError(
                .numeric,
                "\(path) is not written: read back, its log-probs differ by "
                    + "\(report.meanDifference) in the mean; at most \(bound) is expected")
        }
        return report
    }

    /// The log-probs of all tokens but the first, before which is nothing.
    private static func logProbs(
        _ model: Model, _ adapter: Adapter?, _ tokens: [Int32]
    ) throws(ADPOError) -> [Float] {
        let session = try Session(model: model)
        try session.setAdapter(adapter)
        return Array(try session.score(tokens).dropFirst())
    }
}
