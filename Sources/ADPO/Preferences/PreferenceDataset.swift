import ADPOBase

/// Preference pairs, tokenized for one model.
public struct PreferenceDataset: Sendable {
    /// Ids are 0 to vocabulary - 1.
    public let vocabulary: Int
    public private(set) var pairs: [PreferencePair] = []
    /// The tokens at the end of each pair's prompt that the responses' beginnings changed, since
    /// tokens merge across the boundary. They are in no sequence.
    package private(set) var lostPrompts: [[Int32]] = []
    package let tokenizer: PairTokenizer
    /// Renders conversations; without it they are refused.
    package var renderChat: ChatRenderer?

    package init(
        vocabulary: Int,
        tokenizer: PairTokenizer = PairTokenizer(encode: { _, _ in [] }, decode: { _ in [] })
    ) {
        self.vocabulary = vocabulary
        self.tokenizer = tokenizer
    }

    public init(model: Model) {
        self.init(vocabulary: model.info.vocabulary, tokenizer: PairTokenizer(model.tokenizer))
        renderChat = { (conversation, addGenerationPrompt) throws(ADPOError) in
            try model.renderChat(
                conversation, ending: addGenerationPrompt ? .generationPrompt : .complete)
        }
    }

    /// Adds a pair given as text; EOS is appended to a response that lacks it.
    ///
    /// - Throws: `.invalidArgument` for an empty response, a prompt without tokens, or an id outside
    ///   the vocabulary.
    public mutating func append(_ text: TextPair) throws(ADPOError) {
        try append(PreferenceRow(text))
    }

    /// - Throws: `.invalidArgument` for an id outside the vocabulary.
    public mutating func append(_ pair: PreferencePair) throws(ADPOError) {
        try append(pair, lostPrompt: [])
    }

    /// All of the pairs, or none when it throws.
    ///
    /// - Throws: `.invalidArgument` for an id outside the vocabulary.
    public mutating func append(
        contentsOf newPairs: some Collection<PreferencePair>
    ) throws(ADPOError) {
        for pair in newPairs { try check(pair) }
        pairs.append(contentsOf: newPairs)
        lostPrompts.append(contentsOf: newPairs.map { _ in [] })
    }

    mutating func append(_ pair: PreferencePair, lostPrompt: [Int32]) throws(ADPOError) {
        try check(pair)
        pairs.append(pair)
        lostPrompts.append(lostPrompt)
    }

    /// - Throws: `.invalidArgument` for a model that the pairs were not made for.
    func check(_ model: Model) throws(ADPOError) {
        try require(
            vocabulary == model.architecture.vocabulary,
            "the pairs were made for a model of another vocabulary")
    }

    private func check(_ pair: PreferencePair) throws(ADPOError) {
        for ids in [pair.prompt, pair.chosen, pair.rejected] {
            guard let id = ids.first(where: { $0 < 0 || $0 >= vocabulary }) else { continue }
            throw ADPOError(
                .invalidArgument,
                "token id \(id) is out of range; this model has ids 0 to \(vocabulary - 1)")
        }
    }

    /// A pair, counted from 0.
    ///
    /// - Throws: `.invalidArgument` for an index that no pair has.
    package func pair(at index: Int) throws(ADPOError) -> PreferencePair {
        guard pairs.indices.contains(index) else {
            throw ADPOError(
                .invalidArgument,
                "there is no pair \(index): the dataset has \(pairs.count), counted from 0")
        }
        return pairs[index]
    }

    private mutating func update(
        _ index: Int, _ body: (inout PreferencePair) throws(ADPOError) -> Void
    ) throws(ADPOError) {
        var pair = try pair(at: index)
        try body(&pair)
        pairs[index] = pair
    }

    /// Sets where the segments of a pair end, as counts of tokens; nil for none of its own.
    ///
    /// - Throws: `.invalidArgument` for an index that no pair has, and unless each response's ends
    ///   increase, begin above 0 and end with the response.
    public mutating func setSegmentEnds(
        _ ends: ResponsePair<[Int]>?, ofPair index: Int
    ) throws(ADPOError) {
        try update(index) { (pair) throws(ADPOError) in try pair.setSegmentEnds(ends) }
    }

    /// Sets what multiplies the log-ratio of each response token of a pair; nil for 1.
    ///
    /// - Throws: `.invalidArgument` for an index that no pair has, and unless there is one finite
    ///   number for each token.
    public mutating func setWeights(
        _ weights: ResponsePair<[Float]>?, ofPair index: Int
    ) throws(ADPOError) {
        try update(index) { (pair) throws(ADPOError) in try pair.setWeights(weights) }
    }
}
