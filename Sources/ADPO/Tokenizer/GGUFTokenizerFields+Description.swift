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
        self.init(
            model: "gpt2", pre: try Self.preTokenizer(of: description),
            tokens: (0..<Int32(count)).map { id in
                vocabulary.contains(id)
                    ? ByteAlphabet.encode(vocabulary[id]) : Array("[PAD\(id)]".utf8)
            },
            merges: description.merges.map { merge in
                ByteAlphabet.encode(vocabulary[merge.left]) + [UInt8(ascii: " ")]
                    + ByteAlphabet.encode(vocabulary[merge.right])
            })
        var types = (0..<Int32(count)).map {
            vocabulary.contains($0) ? TokenType.normal : TokenType.unused
        }
        for token in description.addedTokens {
            guard !token.singleWord, !token.stripsLeft, !token.stripsRight else {
                throw Self.unsupported(
                    "the added token \(String(decoding: token.content, as: UTF8.self)), which "
                        + "takes spaces with it or wants to stand alone")
            }
            tokens[Int(token.id)] = token.content
            types[Int(token.id)] = token.isSpecial ? TokenType.control : TokenType.userDefined
        }
        tokenTypes = types
        bosTokenID = description.bos.map(Int.init)
        eosTokenID = description.eos.map(Int.init)
        paddingTokenID = description.pad.map(Int.init)
        unknownTokenID = description.unknown.map(Int.init)
        addBOSToken = try Self.isAdded(description.prefix, description.bos)
        addEOSToken = try Self.isAdded(description.suffix, description.eos)
    }

    /// The name under which GGUF files know the pre-tokenizer.
    private static func preTokenizer(of description: TokenizerDescription) throws(ADPOError)
        -> String
    {
        for pre in ["gpt-2", "smollm", "llama-bpe", "qwen2"] {
            let known = try TokenizerDescription(
                GGUFTokenizerFields(model: "gpt2", pre: pre, tokens: [], merges: []))
            if known.preTokenizer == description.preTokenizer,
                known.normalization == description.normalization,
                known.ignoresMerges == description.ignoresMerges
            {
                return pre
            }
        }
        throw unsupported("its pre-tokenizer, for which llama.cpp has no name")
    }

    private static func isAdded(_ ids: [Int32], _ special: Int32?) throws(ADPOError) -> Bool {
        if ids.isEmpty { return false }
        guard let special, ids == [special] else {
            throw unsupported("tokens other than one BOS and one EOS added to each text")
        }
        return true
    }

    private static func unsupported(_ reason: String) -> ADPOError {
        ADPOError(
            .unsupported,
            "the tokenizer cannot be written to a GGUF file because of \(reason); export to a "
                + "directory instead")
    }
}
