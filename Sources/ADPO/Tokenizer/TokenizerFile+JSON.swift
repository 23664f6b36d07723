import ADPOBase

extension TokenizerFile {
    /// The tokenizer.json of a tokenizer that came from a GGUF file.
    ///
    /// - Throws: `.unsupported` for tokens that are no UTF-8.
    package static func json(_ fields: GGUFTokenizerFields) throws(ADPOError) -> JSON {
        let description = try TokenizerDescription(fields)
        return .object([
            ("version", .string("1.0")),
            ("truncation", .null),
            ("padding", .null),
            ("added_tokens", .array(try addedTokens(description, fields))),
            (
                "normalizer",
                description.normalization == .nfc ? .object([("type", .string("NFC"))]) : .null
            ),
            ("pre_tokenizer", preTokenizer(description)),
            ("post_processor", try postProcessor(description, fields)),
            ("decoder", byteLevel(usesPattern: true)),
            ("model", try model(description, fields)),
        ])
    }

    /// The text of a token.
    ///
    /// - Throws: `.unsupported` when it is no UTF-8, which JSON cannot hold.
    static func text(_ id: Int32, _ fields: GGUFTokenizerFields) throws(ADPOError) -> String {
        let bytes = fields.tokens.indices.contains(Int(id)) ? fields.tokens[Int(id)] : []
        return try text(bytes)
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

    private static func preTokenizer(_ description: TokenizerDescription) -> JSON {
        var steps: [JSON] = []
        var usesPattern = false
        for step in description.preTokenizer {
            switch step {
            case .digits(let individually):
                steps.append(
                    .object([
                        ("type", .string("Digits")), ("individual_digits", .bool(individually)),
                    ]))
            case .words(.gpt2): usesPattern = true
            case .words(let pattern):
                steps.append(
                    .object([
                        ("type", .string("Split")),
                        ("pattern", .object([("Regex", .string(pattern.regularExpression))])),
                        ("behavior", .string("Isolated")),
                        ("invert", .bool(false)),
                    ]))
            case .prefixSpace: break  // no GGUF file asks for it
            }
        }
        steps.append(byteLevel(usesPattern: usesPattern))
        return .object([("type", .string("Sequence")), ("pretokenizers", .array(steps))])
    }

    private static func byteLevel(usesPattern: Bool) -> JSON {
        .object([
            ("type", .string("ByteLevel")), ("add_prefix_space", .bool(false)),
            ("trim_offsets", .bool(true)), ("use_regex", .bool(usesPattern)),
        ])
    }

    /// What is added before and behind a text.
    private static func postProcessor(
        _ description: TokenizerDescription, _ fields: GGUFTokenizerFields
    ) throws(ADPOError) -> JSON {
        guard !description.prefix.isEmpty || !description.suffix.isEmpty else { return .null }
        var special: [(key: String, value: JSON)] = []
        func piece(_ id: Int32) throws(ADPOError) -> JSON {
            let text = try text(id, fields)
            if !special.contains(where: { $0.key.utf8.elementsEqual(text.utf8) }) {
                special.append(
                    (
                        text,
                        .object([
                            ("id", .string(text)), ("ids", .array([.integer(Int(id))])),
                            ("tokens", .array([.string(text)])),
                        ])
                    ))
            }
            return .object([
                ("SpecialToken", .object([("id", .string(text)), ("type_id", .integer(0))]))
            ])
        }
        func sequence(_ name: String) throws(ADPOError) -> [JSON] {
            var pieces: [JSON] = []
            for id in description.prefix { pieces.append(try piece(id)) }
            pieces.append(
                .object([
                    ("Sequence", .object([("id", .string(name)), ("type_id", .integer(0))]))
                ]))
            for id in description.suffix { pieces.append(try piece(id)) }
            return pieces
        }
        let single = try sequence("A")
        let pair = try single + sequence("B")
        return .object([
            ("type", .string("TemplateProcessing")), ("single", .array(single)),
            ("pair", .array(pair)), ("special_tokens", .object(special)),
        ])
    }

    private static func model(
        _ description: TokenizerDescription, _ fields: GGUFTokenizerFields
    ) throws(ADPOError) -> JSON {
        var vocabulary: [(key: String, value: JSON)] = []
        vocabulary.reserveCapacity(fields.tokens.count)
        for (id, token) in fields.tokens.enumerated() {
            vocabulary.append((try text(token), .integer(id)))
        }
        var merges: [JSON] = []
        merges.reserveCapacity(fields.merges.count)
        for merge in fields.merges {
            let parts = merge.split(separator: UInt8(ascii: " "), maxSplits: 1)
            guard parts.count == 2 else { continue }  // refused when the file was read
            merges.append(.array([.string(try text(parts[0])), .string(try text(parts[1]))]))
        }
        return .object([
            ("type", .string("BPE")), ("dropout", .null), ("unk_token", .null),
            ("continuing_subword_prefix", .null), ("end_of_word_suffix", .null),
            ("fuse_unk", .bool(false)), ("byte_fallback", .bool(false)),
            ("ignore_merges", .bool(description.ignoresMerges)), ("vocab", .object(vocabulary)),
            ("merges", .array(merges)),
        ])
    }
}
