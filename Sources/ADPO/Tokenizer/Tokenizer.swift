import ADPOBase

/// Text to token ids and back, as the `tokenizers` package does it. Immutable.
///
/// Text is UTF-8; each ill-formed part of it, as Unicode counts them ("maximal subparts"), is read
/// as one U+FFFD, as Swift's `String(decoding:as:)` and Python's `errors="replace"` do.
public final class Tokenizer: Sendable {
    let vocabulary: Vocabulary
    let decoders: [any TokenDecoderStep]
    let specialTokens: Set<Int32>
    private let normalizers: [any Normalizer]
    private let preTokenizers: ArraySlice<any PreTokenizer>
    private let encoder: SubwordEncoder
    /// Tokens that are looked for in the text as it is, and in the normalized text.
    private let rawMatcher: AddedTokenMatcher
    private let normalizedMatcher: AddedTokenMatcher
    private let prefix: [Int32]
    private let suffix: [Int32]

    /// The tokens that begin a text, end a response, fill up, and stand for the unknown.
    public let bos: Int32?
    public let eos: Int32?
    public let pad: Int32?
    public let unknown: Int32?

    /// - Throws: `.format` when the description names a token that the vocabulary does not have,
    ///   `.unsupported` for parts that do not go together.
    package init(_ description: TokenizerDescription) throws(ADPOError) {
        try description.validate()
        vocabulary = description.vocabulary
        normalizers = description.normalizers
        preTokenizers = description.preTokenizers[...]
        encoder = SubwordEncoder(
            description.vocabulary, description.model, isByteLevel: description.isByteLevel)
        decoders = description.decoders.filter(\.changesTokens)
        rawMatcher = AddedTokenMatcher(description.addedTokens.filter { !$0.isNormalized })
        normalizedMatcher = AddedTokenMatcher(description.addedTokens.filter(\.isNormalized))
        prefix = description.prefix
        suffix = description.suffix
        specialTokens = Set(description.addedTokens.filter(\.isSpecial).map(\.id))
        bos = description.bos
        eos = description.eos
        pad = description.pad
        unknown = description.unknown
    }

    /// The tokenizer of a Hugging Face directory: of tokenizer.json, or else of SentencePiece's
    /// tokenizer.model, of vocab.json and merges.txt, or of Mistral's tekken.json; and where they exist
    /// tokenizer_config.json, special_tokens_map.json and added_tokens.json.
    ///
    /// - Throws: `.notFound`, `.io`, `.format`, `.unsupported`.
    package convenience init(directory path: String) throws(ADPOError) {
        try self.init(TokenizerDirectory.description(path))
    }

    /// The tokenizer of a GGUF file.
    ///
    /// - Throws: `.format`, `.unsupported`.
    package convenience init(_ fields: GGUFTokenizerFields) throws(ADPOError) {
        try self.init(TokenizerDescription(fields))
    }

    /// The highest token id plus one.
    public var vocabularySize: Int { vocabulary.count }

    /// The ids of a text.
    ///
    /// - Parameters:
    ///   - addSpecialTokens: Add the BOS (or other) tokens that the tokenizer's post-processor asks
    ///     for.
    ///   - parseSpecialTokens: A special token's text, such as "<|im_end|>", becomes that token.
    ///     Without it, it is plain text: for text from strangers.
    public func encode(
        _ text: String, addSpecialTokens: Bool = true, parseSpecialTokens: Bool = true
    ) -> [Int32] {
        var text = text
        var ids = addSpecialTokens ? prefix : []
        text.withUTF8 { text in
            var workspace = SubwordEncoder.Workspace()
            let whole = PreText(bytes: text, isFirst: true)
            forEachPiece(of: whole, rawMatcher, parseSpecialTokens, &ids) { piece, ids in
                withNormalized(piece) { piece in
                    forEachPiece(of: piece, normalizedMatcher, parseSpecialTokens, &ids) {
                        piece, ids in
                        preTokenizers.forEachWord(of: piece) { word in
                            encoder.encode(word, into: &ids, &workspace)
                        }
                    }
                }
            }
        }
        return addSpecialTokens ? ids + suffix : ids
    }

    /// The ids of a text given as UTF-8.
    public func encode(
        utf8 text: some Collection<UInt8>, addSpecialTokens: Bool = true,
        parseSpecialTokens: Bool = true
    ) -> [Int32] {
        encode(
            String(decoding: text, as: UTF8.self), addSpecialTokens: addSpecialTokens,
            parseSpecialTokens: parseSpecialTokens)
    }

    /// The ids of a prompt and its completion, and how many of them are the prompt: the common
    /// prefix of these ids and the prompt's own. The rest are the completion's.
    public func encode(
        prompt: some Collection<UInt8>, completion: some Collection<UInt8>,
        addSpecialTokens: Bool = true, parseSpecialTokens: Bool = true
    ) -> (ids: [Int32], promptCount: Int) {
        func encode(_ text: [UInt8]) -> [Int32] {
            self.encode(
                utf8: text, addSpecialTokens: addSpecialTokens,
                parseSpecialTokens: parseSpecialTokens)
        }
        let ids = encode(Array(prompt) + Array(completion))
        let promptIDs = encode(Array(prompt))
        return (ids, zip(ids, promptIDs).prefix { $0 == $1 }.count)
    }

    /// The text of tokens, which can end within a UTF-8 sequence. An id that no token has is nothing,
    /// as many models have more ids than tokens.
    ///
    /// - Parameter continuesText: The tokens continue a text that others began, so that a space
    ///   before the first word is one.
    public func decode(
        _ ids: some Collection<Int32>, skipSpecialTokens: Bool = false, continuesText: Bool = false
    ) -> [UInt8] {
        var decoder = TokenDecoder(
            self, skipSpecialTokens: skipSpecialTokens, continuesText: continuesText)
        var bytes: [UInt8] = []
        for id in ids { decoder.append(id, to: &bytes) }
        return bytes
    }

    /// Appends the ids of added tokens, and calls `encode` for the text between them.
    private func forEachPiece(
        of text: PreText, _ matcher: AddedTokenMatcher, _ special: Bool,
        _ ids: inout [Int32], encode: (PreText, inout [Int32]) -> Void
    ) {
        for piece in matcher.split(text.bytes, special: special) {
            if let token = piece.token {
                ids.append(token)
            } else {
                encode(text.piece(piece.range), &ids)
            }
        }
    }

    private func withNormalized(_ text: PreText, _ body: (PreText) -> Void) {
        guard let normalized = normalizers.apply(text.bytes) else { return body(text) }
        normalized.withUnsafeBufferPointer { body(PreText(bytes: $0, isFirst: text.isFirst)) }
    }
}
