import ADPOTensor

/// Preference pairs, tokenized for one model.
public struct PreferenceDataset: Sendable {
    /// Ids are 0 to vocabulary - 1.
    public let vocabulary: Int
    public private(set) var pairs: [PreferencePair] = []
    private let eosText: String?
    private let encode: @Sendable (String) -> [Int32]

    /// - Parameters:
    ///   - eosText: what ends a response; appended to one that lacks it.
    ///   - encode: text to ids, special tokens added and recognized.
    package init(
        vocabulary: Int, eosText: String? = nil,
        encode: @escaping @Sendable (String) -> [Int32] = { _ in [] }
    ) {
        self.vocabulary = vocabulary
        self.eosText = eosText
        self.encode = encode
    }

    public init(model: Model) {
        let tokenizer = model.tokenizer
        self.init(
            vocabulary: model.info.vocabulary, eosText: tokenizer.eosText,
            encode: { tokenizer.encode($0) })
    }

    /// Adds a pair given as text.
    ///
    /// - Throws: `.invalidArgument` for an empty response, a prompt without tokens, or an id outside
    ///   the vocabulary.
    public mutating func append(_ text: TextPair) throws(ADPOError) {
        try append(PreferencePair(text, eosText: eosText, encode: encode))
    }

    /// - Throws: `.invalidArgument` for an id outside the vocabulary.
    public mutating func append(_ pair: PreferencePair) throws(ADPOError) {
        try append(contentsOf: CollectionOfOne(pair))
    }

    /// All of the pairs, or none when it throws.
    ///
    /// - Throws: `.invalidArgument` for an id outside the vocabulary.
    public mutating func append(
        contentsOf newPairs: some Collection<PreferencePair>
    ) throws(ADPOError) {
        for pair in newPairs {
            for ids in [pair.prompt, pair.chosen, pair.rejected] {
                guard let id = ids.first(where: { $0 < 0 || $0 >= vocabulary }) else { continue }
                throw ADPOError(
                    .invalidArgument,
                    "token id \(id) is out of range; this model has ids 0 to \(vocabulary - 1)")
            }
        }
        pairs.append(contentsOf: newPairs)
    }

    /// The pairs with their sequences (prompt and response) cut to `maxLength` tokens.
    ///
    /// - Returns: The pairs that remain; how many were dropped, since their prompt alone fills
    ///   `maxLength`; and how many of those that remain lost the end of a response.
    package func truncated(
        maxLength: Int
    ) -> (pairs: [PreferencePair], dropped: Int, truncated: Int) {
        let kept = pairs.compactMap { pair in
            pair.truncated(maxLength: maxLength).map { (pair: $0, isCut: $0 != pair) }
        }
        return (kept.map(\.pair), pairs.count - kept.count, kept.count { $0.isCut })
    }
}
