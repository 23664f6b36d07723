import ADPOTensor

/// Preference pairs whose ids belong to one vocabulary.
public struct PreferenceDataset: Sendable {
    /// Ids are 0 to vocabulary - 1.
    public let vocabulary: Int
    public private(set) var pairs: [PreferencePair] = []

    public init(vocabulary: Int) {
        self.vocabulary = vocabulary
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
