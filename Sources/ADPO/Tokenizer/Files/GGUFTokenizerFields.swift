import ADPOBase

/// The tokenizer of a GGUF file: its metadata `tokenizer.ggml.*`, under the same names.
package struct GGUFTokenizerFields: Sendable {
    /// "gpt2" for byte-level BPE, "llama" for SentencePiece's, "t5" for its Unigram.
    package var model: String
    package var pre: String?
    /// The tokens by id; those of "gpt2" are in `ByteAlphabet` unless their type says otherwise.
    package var tokens: ByteStrings
    package var tokenTypes: [Int32]?
    /// The scores of "llama": the higher, the earlier a token is merged.
    package var scores: [Float]?
    /// The merges of "gpt2": two tokens with a space between.
    package var merges: ByteStrings
    package var bosTokenID: Int?
    package var eosTokenID: Int?
    package var paddingTokenID: Int?
    package var unknownTokenID: Int?
    package var addBOSToken: Bool?
    package var addEOSToken: Bool?
    package var addSpacePrefix: Bool?
    package var removeExtraWhitespaces: Bool?
    /// SentencePiece's map of characters to others.
    package var precompiledCharacterMap: [UInt8]?
    /// The fields are those of a tokenizer.model, and mean what SentencePiece, not llama.cpp, does.
    package var isOfSentencePiece = false
    /// Added tokens take the space behind them. No key says so: llama.cpp knows it by the model's name.
    package var addedTokensStripRight = false

    /// Whether a model's name, `general.name`, says that it does.
    static func isPhi3(name: String) -> Bool {
        let name = name.lowercased()
        return ["phi-3", "phi3"].contains { name.contains($0) }
    }

    /// Those of Phi-3's added tokens that take no space.
    static let keepSpaces: Set<[UInt8]> = Set(
        ["<unk>", "<s>", "<|endoftext|>"].map { Array($0.utf8) })

    package init(
        model: String, pre: String?, tokens: ByteStrings, merges: ByteStrings = ByteStrings()
    ) {
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
    static let byte: Int32 = 6
}

extension TokenizerDescription {
    /// - Throws: `.unsupported` for unknown models and pre-tokenizers, `.format` for contradictions.
    package init(_ fields: GGUFTokenizerFields) throws(ADPOError) {
        var ids = (bos: fields.bosTokenID, eos: fields.eosTokenID, unknown: fields.unknownTokenID)
        var addsBOS = true
        var addsEOS = false
        switch fields.model {
        case "gpt2":
            let pre = try GGUFPreTokenizer(named: fields.pre)
            normalizers = try Normalizers.all.read(pre.normalizer)
            preTokenizers = try PreTokenizers.all.read(pre.preTokenizer)
            decoders = [Decoders.ByteLevel()]
            model.ignoresMerges = pre.ignoresMerges
            addsBOS = pre.addsBOS
            try addTokens(of: fields)
            var merges: [Merge] = []
            merges.reserveCapacity(fields.merges.count)
            for merge in fields.merges {
                merges.append(try vocabulary.merge(merge, as: .byteLevel))
            }
            model.merges = .listed(merges)
        case "llama":
            try setSentencePiece(fields)
            try addTokens(of: fields)
            ids = (ids.bos ?? 1, ids.eos ?? 2, ids.unknown ?? 0)  // as in SentencePiece's files
            model.unknown = try Self.id(ids.unknown, "unknown")
        case "t5":
            try setUnigram(fields)
            try addTokens(of: fields)
            ids = (ids.bos, ids.eos ?? 1, ids.unknown ?? 2)
            addsBOS = false
            addsEOS = !fields.isOfSentencePiece
            model.unknown = try Self.id(ids.unknown, "unknown")
        default:
            throw ADPOError(
                .unsupported,
                "the tokenizer model '\(fields.model)' (tokenizer.ggml.model) is not supported yet;"
                    + " byte-level BPE ('gpt2'), SentencePiece's BPE ('llama') and Unigram ('t5') are"
            )
        }
        bos = try Self.id(ids.bos, "bos")
        eos = try Self.id(ids.eos, "eos")
        pad = try Self.id(fields.paddingTokenID, "padding")
        unknown = try Self.id(ids.unknown, "unknown")
        if fields.addBOSToken ?? addsBOS, let bos { prefix = [bos] }
        if fields.addEOSToken ?? addsEOS, let eos { suffix = [eos] }
    }

    private mutating func setSentencePiece(_ fields: GGUFTokenizerFields) throws(ADPOError) {
        let scores = try fields.checkedScores()
        guard fields.isOfSentencePiece || fields.removeExtraWhitespaces != true else {
            throw .unsupportedPart("tokenizer.ggml.remove_extra_whitespaces")
        }
        try setParts(fields, removesSpaces: fields.removeExtraWhitespaces ?? false)
        model.merges = .scored(
            fields.isOfSentencePiece
                ? zip(scores, fields.isPiece).map { $1 ? $0 : -.infinity } : scores)
    }

    private mutating func setUnigram(_ fields: GGUFTokenizerFields) throws(ADPOError) {
        let scores = try fields.checkedScores()
        let addsSpace = fields.addSpacePrefix ?? true
        let removesSpaces = fields.removeExtraWhitespaces ?? false
        guard fields.isOfSentencePiece || addsSpace || !removesSpaces else {
            throw .unsupportedPart(
                "tokenizer.ggml.remove_extra_whitespaces without add_space_prefix")
        }
        try setParts(fields, removesSpaces: removesSpaces)
        model.unigram = UnigramScores(
            scores: zip(scores, fields.isPiece).map { $1 ? Double($0) : -.infinity },
            isSinglePrecision: fields.isOfSentencePiece)
    }

    private mutating func setParts(
        _ fields: GGUFTokenizerFields, removesSpaces: Bool
    ) throws(ADPOError) {
        (normalizers, decoders) = SentencePiece.parts(addsSpace: fields.addSpacePrefix ?? true)
        let cleaning = try SentencePiece.cleaning(
            map: fields.precompiledCharacterMap, removesSpaces: removesSpaces,
            marksAreSpaces: fields.isOfSentencePiece)
        let types = fields.tokenTypes ?? []
        for (token, type) in zip(fields.tokens, types) where type == TokenType.userDefined {
            let cleaned = Array(token).withUnsafeBufferPointer { cleaning.apply($0) }
            guard cleaned == nil || cleaned?.elementsEqual(token) == true else {
                throw .unsupportedPart(
                    "a tokenizer whose normalization changes its user-defined symbols")
            }
        }
        normalizers = cleaning + normalizers
        model.fallsBackToBytes = true
        model.fusesUnknown = true
    }

    private mutating func addTokens(of fields: GGUFTokenizerFields) throws(ADPOError) {
        if let types = fields.tokenTypes, types.count != fields.tokens.count {
            throw ADPOError(
                .format,
                "tokenizer.ggml.token_type has \(types.count) elements,"
                    + " tokenizer.ggml.tokens \(fields.tokens.count)")
        }
        vocabulary.reserveCapacity(fields.tokens.count)
        let spelling = spelling
        for (id, token) in fields.tokens.enumerated() {
            try token.withUnsafeBufferPointer { (token) throws(ADPOError) in
                _ = try vocabulary.insert(token, id: id, as: spelling)
            }
            let type = fields.tokenTypes?[id]
            if type == TokenType.control || type == TokenType.userDefined
                || type == TokenType.unknown
            {
                var added = AddedToken(id: Int32(id), content: Array(token))
                added.isSpecial = type != TokenType.userDefined
                // SentencePiece finds symbols in the normalized text.
                added.isNormalized = fields.isOfSentencePiece && !added.isSpecial
                added.stripsRight =
                    fields.addedTokensStripRight
                    && !GGUFTokenizerFields.keepSpaces.contains(added.content)
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

extension GGUFTokenizerFields {
    /// The scores, one for each token.
    fileprivate func checkedScores() throws(ADPOError) -> [Float] {
        guard let scores, scores.count == tokens.count else {
            throw ADPOError(
                .format,
                "tokenizer.ggml.scores has \(scores?.count ?? 0) elements,"
                    + " tokenizer.ggml.tokens \(tokens.count)")
        }
        guard scores.allSatisfy({ !$0.isNaN }) else {
            throw ADPOError(.format, "tokenizer.ggml.scores has what is no number")
        }
        return scores
    }

    /// Whether text becomes each token: those of bytes, control tokens and others are not found in it.
    fileprivate var isPiece: [Bool] {
        guard let tokenTypes else { return Array(repeating: true, count: tokens.count) }
        return tokenTypes.map { $0 == TokenType.normal || $0 == TokenType.userDefined }
    }
}
