import ADPOBase

/// Reads the tokenizer.json of the `tokenizers` package.
package struct TokenizerFile {
    private var description = TokenizerDescription()
    /// The number of tokens of the model alone.
    private var modelCount = 0
    private var highestAddedID = -1
    /// Tokens that `ByteAlphabet` cannot write, and added ones, by their text.
    private var plainTokens: [[UInt8]: Int32] = [:]

    /// The tokenizer of a tokenizer.json.
    ///
    /// As in transformers, the post-processor alone says which tokens are added to a text:
    /// `add_bos_token` of tokenizer_config.json does not count.
    ///
    /// - Throws: `.format` when it is malformed, `.unsupported` for a part that we do not know.
    static func description(
        _ root: JSON, _ configuration: TokenizerConfiguration
    ) throws(ADPOError) -> TokenizerDescription {
        var file = TokenizerFile()
        func part(_ name: String) -> JSON { root[name] ?? .null }
        file.description.normalizers = try Normalizers.all.read(part("normalizer"))
        file.description.preTokenizers = try PreTokenizers.all.read(part("pre_tokenizer"))
        file.description.decoders = try Decoders.all.read(part("decoder"))
        let post = try PostProcessor(part("post_processor"))
        (file.description.prefix, file.description.suffix) = (post.prefix, post.suffix)
        try file.readModel(part("model"))
        try file.readAddedTokens(part("added_tokens").array ?? [])
        var description = file.description
        configuration.setSpecialTokens(of: &description) { file.id(of: $0) }
        return description
    }

    private func malformed(_ reason: String) -> ADPOError {
        ADPOError(.format, reason)
    }

    // MARK: The model

    private mutating func readModel(_ model: JSON) throws(ADPOError) {
        switch model["type"]?.string {
        case nil, "BPE": break
        case "Unigram": return try readUnigram(model)
        case let type:
            throw .unsupportedPart(
                "a tokenizer model of type '\(type ?? "")'", known: "BPE, Unigram")
        }
        guard let vocabulary = model["vocab"]?.members, let merges = model["merges"]?.array else {
            throw malformed("the model has no vocab and merges, so it is not BPE")
        }
        for option in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let value = model[option]?.string, !value.isEmpty {
                throw .unsupportedPart("BPE with \(option)")
            }
        }
        if let dropout = model["dropout"]?.double, dropout != 0 {
            throw .unsupportedPart("BPE with dropout")
        }
        try readVocabulary(vocabulary)
        try readMerges(merges)
        description.model.ignoresMerges = model["ignore_merges"]?.bool ?? false
        description.model.fallsBackToBytes = model["byte_fallback"]?.bool ?? false
        description.model.fusesUnknown = model["fuse_unk"]?.bool ?? false
        if let unknown = model["unk_token"]?.string {
            description.model.unknown = id(of: Array(unknown.utf8))
            if description.model.unknown == nil {
                throw malformed("the unk_token '\(unknown)' is not in the vocabulary")
            }
        }
    }

    private mutating func readUnigram(_ model: JSON) throws(ADPOError) {
        guard let vocabulary = model["vocab"]?.array else {
            throw malformed("the model has no vocab")
        }
        guard !description.isByteLevel else {
            throw .unsupportedPart("Unigram behind ByteLevel")
        }
        modelCount = vocabulary.count
        description.vocabulary.reserveCapacity(modelCount)
        var scores: [Double] = []
        for (id, token) in vocabulary.enumerated() {
            guard let pair = token.array, pair.count == 2, let text = pair[0].string,
                let score = pair[1].double
            else { throw malformed("a token of the model is no text with a score") }
            let bytes = Array(text.utf8)
            try description.vocabulary.insert(bytes, id: id, as: .text)
            scores.append(score)
        }
        description.model.unigram = UnigramScores(scores: scores)
        description.model.fallsBackToBytes = model["byte_fallback"]?.bool ?? false
        if let unknown = model["unk_id"]?.integer {
            description.model.unknown = Int32(exactly: unknown)
            guard description.model.unknown != nil else { throw malformed("unk_id is \(unknown)") }
        }
    }

    private mutating func readVocabulary(
        _ members: [(key: String, value: JSON)]
    ) throws(ADPOError) {
        modelCount = members.count
        description.vocabulary.reserveCapacity(modelCount)
        let spelling = description.spelling
        for (token, value) in members {
            guard let id = value.integer else {
                throw malformed("the token '\(token)' has no whole number as its id")
            }
            let text = Array(token.utf8)
            if try !description.vocabulary.insert(text, id: id, as: spelling) {
                plainTokens[text] = Int32(id)
            }
        }
    }

    private mutating func readMerges(_ list: [JSON]) throws(ADPOError) {
        let spelling = description.spelling
        var merges: [Merge] = []
        merges.reserveCapacity(list.count)
        for merge in list {
            if let text = merge.string {
                merges.append(
                    try description.vocabulary.merge(Array(text.utf8), as: spelling))
            } else if let pair = merge.array, pair.count == 2, let left = pair[0].string,
                let right = pair[1].string
            {
                merges.append(
                    try description.vocabulary.merge(
                        Array(left.utf8), Array(right.utf8), as: spelling))
            } else {
                throw malformed("a merge is neither a string nor two")
            }
        }
        description.model.merges = .listed(merges)
    }

    // MARK: Added tokens

    private mutating func readAddedTokens(_ tokens: [JSON]) throws(ADPOError) {
        for token in tokens {
            guard let content = token["content"]?.string else {
                throw malformed("an added token has no content")
            }
            if content.isEmpty { continue }
            let text = Array(content.utf8)
            var added = AddedToken(id: 0, content: text, token)
            if added.isNormalized {
                added.content =
                    text.withUnsafeBufferPointer(description.normalizers.apply) ?? text
            }
            added.id = try add(text, as: added.content)
            highestAddedID = max(highestAddedID, Int(added.id))
            description.addedTokens.append(added)
        }
    }

    /// The id of an added token: the one it has already, or else the next. The `tokenizers` package
    /// does not look at the ids in the file either.
    private mutating func add(
        _ text: [UInt8], as normalized: [UInt8]
    ) throws(ADPOError) -> Int32 {
        if let id = id(of: text) { return id }
        let id = max(modelCount, highestAddedID + 1)
        try description.vocabulary.insert(normalized, id: id, as: .unknownToModel)
        plainTokens[text] = Int32(id)
        return Int32(id)
    }

    /// The id of a token as tokenizer.json writes it.
    private func id(of text: [UInt8]) -> Int32? {
        if let id = plainTokens[text] { return id }
        guard description.isByteLevel else { return description.vocabulary.id(of: text) }
        var bytes: [UInt8] = []
        guard text.withUnsafeBufferPointer({ ByteAlphabet.decode($0, into: &bytes) }) else {
            return nil
        }
        return description.vocabulary.id(of: bytes)
    }
}
