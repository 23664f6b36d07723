import ADPOBase

extension TokenizerFile {
    /// The tokenizer.json of a tokenizer that came from a GGUF file.
    ///
    /// - Throws: `.unsupported` for tokens that are no UTF-8.
    package static func json(_ fields: GGUFTokenizerFields) throws(ADPOError) -> JSON {
        let description = try TokenizerDescription(fields)
        guard description.model.unigram == nil else {
            throw .unsupportedPart("a tokenizer.json of a GGUF file's Unigram tokenizer")
        }
        return .object([
            ("version", .string("1.0")),
            ("truncation", .null),
            ("padding", .null),
            ("added_tokens", .array(try addedTokens(description, fields))),
            ("normalizer", Normalizers.all.json(description.normalizers.map(\.json))),
            ("pre_tokenizer", PreTokenizers.all.json(description.preTokenizers.map(\.json))),
            (
                "post_processor",
                try PostProcessor.json(prefix: description.prefix, suffix: description.suffix) {
                    (id) throws(ADPOError) in try text(id, fields)
                }
            ),
            ("decoder", Decoders.all.json(description.decoders.map(\.json))),
            ("model", try model(description, fields)),
        ])
    }

    /// The text of a token.
    ///
    /// - Throws: `.unsupported` when it is no UTF-8, which JSON cannot hold.
    static func text(_ id: Int32, _ fields: GGUFTokenizerFields) throws(ADPOError) -> String {
        try text(fields.tokens.indices.contains(Int(id)) ? fields.tokens[Int(id)] : [])
    }

    private static func text(_ bytes: some Collection<UInt8>) throws(ADPOError) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.elementsEqual(bytes) else {
            throw ADPOError(
                .unsupported,
                "the tokenizer cannot be written to a tokenizer.json: its token \"\(text)\" is no "
                    + "UTF-8")
        }
        return text
    }

    private static func addedTokens(
        _ description: TokenizerDescription, _ fields: GGUFTokenizerFields
    ) throws(ADPOError) -> [JSON] {
        var tokens: [JSON] = []
        for token in description.addedTokens {
            tokens.append(
                .object([
                    ("id", .integer(Int(token.id))),
                    ("content", .string(try text(token.id, fields))),
                    ("single_word", .bool(false)),
                    ("lstrip", .bool(false)),
                    ("rstrip", .bool(false)),
                    ("normalized", .bool(false)),
                    ("special", .bool(token.isSpecial)),
                ]))
        }
        return tokens
    }

    private static func model(
        _ description: TokenizerDescription, _ fields: GGUFTokenizerFields
    ) throws(ADPOError) -> JSON {
        let model = description.model
        var vocabulary: [(key: String, value: JSON)] = []
        vocabulary.reserveCapacity(fields.tokens.count)
        for (id, token) in fields.tokens.enumerated() {
            vocabulary.append((try text(token), .integer(id)))
        }
        let pairs: [Merge]
        switch model.merges {
        case .listed(let merges): pairs = merges
        case .scored(let scores):
            pairs = SentencePieceScores.merges(scores, description.vocabulary)
        }
        var merges: [JSON] = []
        merges.reserveCapacity(pairs.count)
        for pair in pairs {
            merges.append(
                .array([
                    .string(try text(pair.left, fields)), .string(try text(pair.right, fields)),
                ]))
        }
        let unknown = try model.unknown.map { (id) throws(ADPOError) in try text(id, fields) }
        return .part(
            "BPE",
            [
                ("dropout", .null), ("unk_token", unknown.map(JSON.string) ?? .null),
                ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null),
                ("fuse_unk", .bool(model.fusesUnknown)),
                ("byte_fallback", .bool(model.fallsBackToBytes)),
                ("ignore_merges", .bool(model.ignoresMerges)), ("vocab", .object(vocabulary)),
                ("merges", .array(merges)),
            ])
    }
}
