import ADPOBase

/// The tokenizer of a GGUF file: its metadata `tokenizer.ggml.*`, under the same names.
package struct GGUFTokenizerFields: Sendable {
    package var model: String
    package var pre: String?
    /// By id, in `ByteAlphabet` unless their type says otherwise.
    package var tokens: [[UInt8]]
    package var tokenTypes: [Int32]?
    /// Two tokens with a space between.
    package var merges: [[UInt8]]
    package var bosTokenID: Int?
    package var eosTokenID: Int?
    package var paddingTokenID: Int?
    package var unknownTokenID: Int?
    package var addBOSToken: Bool?
    package var addEOSToken: Bool?

    package init(model: String, pre: String?, tokens: [[UInt8]], merges: [[UInt8]]) {
        self.model = model
        self.pre = pre
        self.tokens = tokens
        self.merges = merges
    }
}

/// Values of `tokenizer.ggml.token_type`.
enum TokenType {
    static let normal: Int32 = 1
    static let unknown: Int32 = 2
    static let control: Int32 = 3
    static let userDefined: Int32 = 4
    static let unused: Int32 = 5
}

extension TokenizerDescription {
    /// - Throws: `.unsupported` for models other than byte-level BPE and for unknown pre-tokenizers,
    /// `.format` for contradictions.
    package init(_ fields: GGUFTokenizerFields) throws(ADPOError) {
        guard fields.model.utf8.elementsEqual("gpt2".utf8) else {
            throw ADPOError(
                .unsupported,
                "the tokenizer model '\(fields.model)' (tokenizer.ggml.model) is not supported yet;"
                    + " byte-level BPE ('gpt2') is")
        }
        var addBOS = false
        switch fields.pre {
        case "gpt-2": preTokenizer = [.words(.gpt2)]
        case "smollm": preTokenizer = [.digits(individually: true), .words(.gpt2)]
        case "llama-bpe", "llama3", "llama-v3":
            preTokenizer = [.words(.tiktoken(digits: 3))]
            ignoresMerges = true
            addBOS = true
        case "qwen2":
            preTokenizer = [.words(.tiktoken(digits: 1))]
            normalization = .nfc
        case let pre?:
            throw ADPOError(
                .unsupported,
                "the pre-tokenizer '\(pre)' (tokenizer.ggml.pre) is not supported yet;"
                    + " gpt-2, smollm, llama-bpe and qwen2 are")
        case nil:
            throw ADPOError(
                .unsupported,
                "the file does not name its pre-tokenizer (tokenizer.ggml.pre):"
                    + " convert the model again with a newer converter")
        }
        try addTokens(of: fields)
        merges.reserveCapacity(fields.merges.count)
        for merge in fields.merges { try addMerge(merge) }
        bos = try Self.id(fields.bosTokenID, "bos")
        eos = try Self.id(fields.eosTokenID, "eos")
        pad = try Self.id(fields.paddingTokenID, "padding")
        unknown = try Self.id(fields.unknownTokenID, "unknown")
        if fields.addBOSToken ?? addBOS, let bos { prefix = [bos] }
        if fields.addEOSToken ?? false, let eos { suffix = [eos] }
    }

    private mutating func addTokens(of fields: GGUFTokenizerFields) throws(ADPOError) {
        if let types = fields.tokenTypes, types.count != fields.tokens.count {
            throw ADPOError(
                .format,
                "tokenizer.ggml.token_type has \(types.count) elements,"
                    + " tokenizer.ggml.tokens \(fields.tokens.count)")
        }
        vocabulary.reserveCapacity(fields.tokens.count)
        for (id, token) in fields.tokens.enumerated() {
            try vocabulary.insert(encoded: token, id: id)
            let type = fields.tokenTypes?[id]
            if type == TokenType.control || type == TokenType.userDefined
                || type == TokenType.unknown
            {
                var added = AddedToken(id: Int32(id), content: token)
                added.isSpecial = type != TokenType.userDefined
                addedTokens.append(added)
            }
        }
    }

    private static func id(_ value: Int?, _ name: String) throws(ADPOError) -> Int32? {
        guard let value else { return nil }
        guard let id = Int32(exactly: value) else {
            throw ADPOError(.format, "tokenizer.ggml.\(name)_token_id is \(value)")
        }
        return id
    }
}
