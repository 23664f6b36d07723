import ADPOBase

extension GGUFTokenizerFields {
    /// The fields from which the same tokenizer is read again: the inverse of
    /// `TokenizerDescription(_:)`.
    ///
    /// - Parameter count: The number of tokens that the model scores; ids without a token get one
    ///   that no text becomes.
    /// - Throws: `.unsupported` when GGUF files have no way to say what this tokenizer does.
    package init(_ description: TokenizerDescription, count: Int) throws(ADPOError) {
        let vocabulary = description.vocabulary
        guard vocabulary.count <= count else {
            throw Self.unsupported("tokens that the model does not score")
        }
        guard description.model.unigram == nil else {
            throw Self.unsupported("its model, Unigram, which llama.cpp reads otherwise")
        }
        let isByteLevel = description.isByteLevel
        let pre = isByteLevel ? GGUFPreTokenizer(of: description)?.names.first : "default"
        guard let pre else {
            throw Self.unsupported("its pre-tokenizer, for which llama.cpp has no name")
        }
        var added: [Int32: AddedToken] = [:]
        let stripRight = description.addedTokens.contains(where: \.stripsRight)
        for token in description.addedTokens {
            try Self.check(token, description, stripRight: stripRight)
            added[token.id] = token
        }
        var tokens = ByteStrings()
        var types: [Int32] = []
        for id in 0..<Int32(count) {
            let token = vocabulary[id]
            if let added = added[id] {
                tokens.append(added.content)
                types.append(added.isSpecial ? TokenType.control : TokenType.userDefined)
            } else if !vocabulary.contains(id) {
                tokens.append("[PAD\(id)]".utf8)
                types.append(TokenType.unused)
            } else {
                tokens.append(isByteLevel ? ByteAlphabet.encode(token) : Array(token))
                let isByte = !isByteLevel && ByteToken.byte(token) != nil
                types.append(isByte ? TokenType.byte : TokenType.normal)
            }
        }
        if isByteLevel {
            self.init(model: "gpt2", pre: pre, tokens: tokens)
            addSpacePrefix = false
            guard case .listed(let list) = description.model.merges else {
                throw Self.unsupported("merges by scores in a byte-level tokenizer")
            }
            for merge in list {
                merges.append(
                    ByteAlphabet.encode(vocabulary[merge.left]) + [UInt8(ascii: " ")]
                        + ByteAlphabet.encode(vocabulary[merge.right]))
            }
        } else {
            self.init(model: "llama", pre: pre, tokens: tokens)
            addSpacePrefix = try Self.addsSpace(description)
            scores = try SentencePieceScores(description).scores
            scores? += Array(repeating: 0, count: count - vocabulary.count)
            if let unknown = description.model.unknown { types[Int(unknown)] = TokenType.unknown }
        }
        addedTokensStripRight = stripRight
        tokenTypes = types
        bosTokenID = description.bos.map(Int.init)
        eosTokenID = description.eos.map(Int.init)
        paddingTokenID = description.pad.map(Int.init)
        unknownTokenID = (description.unknown ?? description.model.unknown).map(Int.init)
        addBOSToken = try Self.isAdded(description.prefix, description.bos)
        addEOSToken = try Self.isAdded(description.suffix, description.eos)
    }

    private static func check(
        _ token: AddedToken, _ description: TokenizerDescription, stripRight: Bool
    ) throws(ADPOError) {
        let text = String(decoding: token.content, as: UTF8.self)
        let stripsRight = stripRight && !keepSpaces.contains(token.content)
        guard !token.singleWord, !token.stripsLeft, token.stripsRight == stripsRight else {
            throw unsupported(
                "the added token \(text), which takes spaces with it or wants to stand alone")
        }
        guard description.isByteLevel || !token.isNormalized || description.normalizers.isEmpty
        else {
            throw unsupported("the added token \(text), which is looked for in normalized text")
        }
    }

    /// Whether a text begins as if a space were before it.
    private static func addsSpace(_ description: TokenizerDescription) throws(ADPOError) -> Bool {
        /// Parts that do nothing to text without spaces are left out.
        func text(_ normalizers: [any Normalizer], _ decoders: [any TokenDecoderStep]) -> String {
            let parts: [any TokenizerPart] = normalizers + decoders
            return JSON.array(parts.map(\.json)).text
        }
        let own = text(description.normalizers, description.decoders)
        let isPlain = description.preTokenizers.allSatisfy {
            guard case .text(let text)? = ($0 as? PreTokenizers.Split)?.separator else {
                return false
            }
            return text == Array(" ".utf8)
        }
        for addsSpace in [false, true] where isPlain {
            let parts = SentencePiece.parts(addsSpace: addsSpace)
            if own == text(parts.normalizers, parts.decoders) { return addsSpace }
        }
        throw unsupported(
            "its normalizers, pre-tokenizers and decoders, which are none that llama.cpp's 'llama' "
                + "tokenizer stands for")
    }

    private static func isAdded(_ ids: [Int32], _ special: Int32?) throws(ADPOError) -> Bool {
        if ids.isEmpty { return false }
        guard let special, ids == [special] else {
            throw unsupported("tokens other than one BOS and one EOS added to each text")
        }
        return true
    }

    static func unsupported(_ reason: String) -> ADPOError {
        ADPOError(
            .unsupported,
            "the tokenizer cannot be written to a GGUF file because of \(reason); export to a "
                + "directory instead")
    }
}
