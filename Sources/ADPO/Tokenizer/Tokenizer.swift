import ADPOBase

/// Text to token ids and back, as the `tokenizers` package does it. Immutable.
///
/// Text is UTF-8; each ill-formed part of it, as Unicode counts them ("maximal subparts"), is read
/// as one U+FFFD, as Swift's `String(decoding:as:)` and Python's `errors="replace"` do.
public final class Tokenizer: Sendable {
    private let vocabulary: Vocabulary
    private let encoder: BytePairEncoder
    private let normalization: Normalization
    private let preTokenizer: ArraySlice<PreTokenizerStep>
    /// Tokens that are looked for in the text as it is, and in the normalized text.
    private let rawMatcher: AddedTokenMatcher
    private let normalizedMatcher: AddedTokenMatcher
    private let prefix: [Int32]
    private let suffix: [Int32]
    private let specialTokens: Set<Int32>

    /// The tokens that begin a text, end a response, fill up, and stand for the unknown.
    public let bos: Int32?
    public let eos: Int32?
    public let pad: Int32?
    public let unknown: Int32?

    /// - Throws: `.format` when the description names a token that the vocabulary does not have.
    package init(_ description: TokenizerDescription) throws(ADPOError) {
        try description.validate()
        vocabulary = description.vocabulary
        encoder = BytePairEncoder(description)
        normalization = description.normalization
        preTokenizer = description.preTokenizer[...]
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

    /// The tokenizer of a Hugging Face directory: tokenizer.json, and where they exist
    /// tokenizer_config.json and special_tokens_map.json.
    ///
    /// - Throws: `.notFound`, `.io`, `.format`, `.unsupported`.
    package convenience init(directory path: String) throws(ADPOError) {
        let description = try TokenizerFile.description(directory: path)
        do throws(ADPOError) {
            try self.init(description)
        } catch {
            throw ADPOError(error.code, "\(path)/tokenizer.json: \(error.message)")
        }
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
            var workspace = BytePairEncoder.Workspace()
            forEachPiece(of: text, rawMatcher, parseSpecialTokens, &ids) { piece, ids in
                let normalized = normalization.apply(piece)
                func encodeRest(_ text: UnsafeBufferPointer<UInt8>, _ ids: inout [Int32]) {
                    forEachPiece(of: text, normalizedMatcher, parseSpecialTokens, &ids) {
                        piece, ids in
                        preTokenizer.forEachWord(of: piece) { word in
                            encoder.encode(word, into: &ids, &workspace)
                        }
                    }
                }
                if let normalized {
                    normalized.withUnsafeBufferPointer { encodeRest($0, &ids) }
                } else {
                    encodeRest(piece, &ids)
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

    /// The bytes of tokens, one after another. A token can end within a UTF-8 sequence. An id that
    /// no token has is nothing, as many models have more ids than tokens.
    public func decode(
        _ ids: some Collection<Int32>, skipSpecialTokens: Bool = false
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for id in ids where id >= 0 && id < vocabulary.count {
            if !skipSpecialTokens || !specialTokens.contains(id) { bytes += vocabulary[id] }
        }
        return bytes
    }

    /// The text of the token that ends a response.
    var eosText: String? { eos.map { String(decoding: decode([$0]), as: UTF8.self) } }

    /// Appends the ids of added tokens, and calls `encode` for the text between them.
    private func forEachPiece(
        of text: UnsafeBufferPointer<UInt8>, _ matcher: AddedTokenMatcher, _ special: Bool,
        _ ids: inout [Int32], encode: (UnsafeBufferPointer<UInt8>, inout [Int32]) -> Void
    ) {
        for piece in matcher.split(text, special: special) {
            if let token = piece.token {
                ids.append(token)
            } else {
                encode(UnsafeBufferPointer(rebasing: text[piece.range]), &ids)
            }
        }
    }
}

extension TokenizerDescription {
    fileprivate func validate() throws(ADPOError) {
        let named =
            prefix + suffix + addedTokens.map(\.id)
            + [unknownByte, bos, eos, pad, unknown].compactMap(\.self)
        for id in named where !vocabulary.contains(id) {
            throw ADPOError(
                .format, "the tokenizer names the token id \(id), which its vocabulary lacks")
        }
        guard preTokenizer.count <= ArraySlice<PreTokenizerStep>.maximumCount else {
            throw ADPOError(.unsupported, "the tokenizer's pre-tokenizer has too many steps")
        }
        guard addedTokens.allSatisfy({ $0.content.count <= AddedTokenMatcher.longestToken }) else {
            throw ADPOError(
                .unsupported,
                "the tokenizer has an added token of more than \(AddedTokenMatcher.longestToken) "
                    + "bytes")
        }
    }
}
