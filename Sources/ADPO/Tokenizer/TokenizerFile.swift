import ADPOBase

/// Reads the tokenizer.json of the `tokenizers` package, and the files beside it.
package struct TokenizerFile {
    private var description = TokenizerDescription()
    /// The number of tokens of the model alone.
    private var modelCount = 0
    private var highestAddedID = -1
    /// Tokens that `ByteAlphabet` cannot write, and added ones, by their text.
    private var plainTokens: [[UInt8]: Int32] = [:]
    private var isByteLevel = false

    /// The tokenizer of a Hugging Face directory.
    ///
    /// As in transformers, the post-processor of tokenizer.json alone says which tokens are added
    /// to a text: `add_bos_token` of tokenizer_config.json does not count.
    ///
    /// - Throws: `.notFound` or `.io` without a readable tokenizer.json, `.format` when a file is
    /// malformed, `.unsupported` for tokenizers other than byte-level BPE.
    package static func description(directory: String) throws(ADPOError) -> TokenizerDescription {
        let path = directory + "/tokenizer.json"
        let root = try JSON(path: path)
        var file = TokenizerFile()
        do throws(ADPOError) {
            try file.readModel(root["model"] ?? .null)
            try file.readNormalizer(root["normalizer"] ?? .null)
            try file.readAddedTokens(root["added_tokens"]?.array ?? [])
            try file.readPreTokenizer(root["pre_tokenizer"] ?? .null)
            try file.readPostProcessor(root["post_processor"] ?? .null)
            try file.readDecoder(root["decoder"] ?? .null)
        } catch {
            throw ADPOError(error.code, "\(path): \(error.message)")
        }
        try file.readSpecialTokens(directory)
        return file.description
    }

    private func malformed(_ reason: String) -> ADPOError {
        ADPOError(.format, reason)
    }

    private func unsupported(_ what: String) -> ADPOError {
        ADPOError(.unsupported, "\(what) is not supported yet")
    }

    // MARK: The model

    private mutating func readModel(_ model: JSON) throws(ADPOError) {
        if let type = model["type"]?.string, type != "BPE" {
            throw unsupported("a tokenizer model of type '\(type)'")
        }
        guard let vocabulary = model["vocab"]?.members, let merges = model["merges"]?.array else {
            throw malformed("the model has no vocab and merges, so it is not BPE")
        }
        for option in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let value = model[option]?.string, !value.isEmpty {
                throw unsupported("BPE with \(option)")
            }
        }
        if let dropout = model["dropout"]?.double, dropout != 0 {
            throw unsupported("BPE with dropout")
        }
        if model["byte_fallback"]?.bool == true { throw unsupported("BPE with byte_fallback") }
        try readVocabulary(vocabulary)
        try readMerges(merges)
        description.ignoresMerges = model["ignore_merges"]?.bool ?? false
        description.fusesUnknown = model["fuse_unk"]?.bool ?? false
        if let unknown = model["unk_token"]?.string {
            description.unknownByte = id(of: Array(unknown.utf8))
            if description.unknownByte == nil {
                throw malformed("the unk_token '\(unknown)' is not in the vocabulary")
            }
        }
    }

    private mutating func readVocabulary(
        _ members: [(key: String, value: JSON)]
    ) throws(ADPOError) {
        modelCount = members.count
        description.vocabulary.reserveCapacity(modelCount)
        for (token, value) in members {
            guard let id = value.integer else {
                throw malformed("the token '\(token)' has no whole number as its id")
            }
            let text = Array(token.utf8)
            if try !description.vocabulary.insert(encoded: text, id: id) {
                plainTokens[text] = Int32(id)
            }
        }
    }

    private mutating func readMerges(_ merges: [JSON]) throws(ADPOError) {
        description.merges.reserveCapacity(merges.count)
        for merge in merges {
            if let text = merge.string {
                try description.addMerge(Array(text.utf8))
            } else if let pair = merge.array, pair.count == 2, let left = pair[0].string,
                let right = pair[1].string
            {
                try description.addMerge(Array(left.utf8)[...], Array(right.utf8)[...])
            } else {
                throw malformed("a merge is neither a string nor two")
            }
        }
    }

    // MARK: Added tokens

    private mutating func readAddedTokens(_ tokens: [JSON]) throws(ADPOError) {
        for token in tokens {
            guard let content = token["content"]?.string else {
                throw malformed("an added token has no content")
            }
            if content.isEmpty { continue }
            let isSpecial = token["special"]?.bool ?? false
            let isNormalized = token["normalized"]?.bool ?? !isSpecial
            let text = Array(content.utf8)
            let normalized =
                isNormalized
                ? text.withUnsafeBufferPointer(description.normalization.apply) ?? text : text
            var added = AddedToken(id: try add(text, as: normalized), content: normalized)
            added.isSpecial = isSpecial
            added.singleWord = token["single_word"]?.bool ?? false
            added.stripsLeft = token["lstrip"]?.bool ?? false
            added.stripsRight = token["rstrip"]?.bool ?? false
            added.isNormalized = isNormalized
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
        try description.vocabulary.insert(text: normalized, id: id)
        plainTokens[text] = Int32(id)
        return Int32(id)
    }

    /// The id of a token as tokenizer.json writes it.
    private func id(of text: [UInt8]) -> Int32? {
        if let id = plainTokens[text] { return id }
        var bytes: [UInt8] = []
        guard ByteAlphabet.decode(text[...], into: &bytes) else { return nil }
        return bytes.withUnsafeBufferPointer(description.vocabulary.id)
    }

    // MARK: The pipeline

    private mutating func readNormalizer(_ normalizer: JSON) throws(ADPOError) {
        switch normalizer["type"]?.string {
        case nil where normalizer.isNull: break
        case "NFC": description.normalization = .nfc
        case "Sequence":
            for part in normalizer["normalizers"]?.array ?? [] { try readNormalizer(part) }
        case let type: throw unsupported("the normalizer '\(type ?? "")'")
        }
    }

    private mutating func readPreTokenizer(_ preTokenizer: JSON) throws(ADPOError) {
        try readStep(preTokenizer)
        guard isByteLevel else {
            throw unsupported("a BPE tokenizer without the ByteLevel pre-tokenizer")
        }
    }

    private mutating func readStep(_ step: JSON) throws(ADPOError) {
        guard !isByteLevel else { throw unsupported("a pre-tokenizer behind ByteLevel") }
        switch step["type"]?.string {
        case nil where step.isNull: break
        case "ByteLevel":
            isByteLevel = true
            if step["add_prefix_space"]?.bool ?? true {
                description.preTokenizer.append(.prefixSpace)
            }
            if step["use_regex"]?.bool ?? true { description.preTokenizer.append(.words(.gpt2)) }
        case "Digits":
            description.preTokenizer.append(
                .digits(individually: step["individual_digits"]?.bool ?? false))
        case "Split": try readSplit(step)
        case "Sequence":
            for part in step["pretokenizers"]?.array ?? [] { try readStep(part) }
        case let type: throw unsupported("the pre-tokenizer '\(type ?? "")'")
        }
    }

    /// The known patterns match all of a text, so that isolating the matches and removing what is
    /// between them come to the same.
    private mutating func readSplit(_ split: JSON) throws(ADPOError) {
        guard let expression = split["pattern"]?["Regex"]?.string,
            let pattern = WordPattern(regularExpression: expression)
        else {
            let pattern = split["pattern"]
            let text = pattern?["Regex"]?.string ?? pattern?["String"]?.string ?? ""
            throw unsupported("the pre-tokenizer Split with the pattern \(text)")
        }
        let behavior = split["behavior"]?.string ?? ""
        guard behavior == "Isolated" || behavior == "Removed" && split["invert"]?.bool == true
        else { throw unsupported("the pre-tokenizer Split with the behavior '\(behavior)'") }
        description.preTokenizer.append(.words(pattern))
    }

    private mutating func readPostProcessor(_ processor: JSON) throws(ADPOError) {
        switch processor["type"]?.string {
        case nil where processor.isNull: break
        case "ByteLevel": break  // concerns offsets only
        case "TemplateProcessing": try readTemplate(processor)
        case "Sequence":
            for part in processor["processors"]?.array ?? [] { try readPostProcessor(part) }
        case let type: throw unsupported("the post-processor '\(type ?? "")'")
        }
    }

    private mutating func readTemplate(_ template: JSON) throws(ADPOError) {
        var before: [Int32] = []
        var after: [Int32] = []
        var texts = 0
        let pieces = template["single"]?.array ?? []
        guard pieces.count <= 64 else {  // files have up to 3
            throw unsupported("a post-processor's template of \(pieces.count) pieces")
        }
        for piece in pieces {
            if piece["Sequence"]?["id"]?.string == "A" {
                texts += 1
            } else if let name = piece["SpecialToken"]?["id"]?.string,
                let ids = template["special_tokens"]?[name]?["ids"]?.array
            {
                for id in ids {
                    guard let id = id.integer.flatMap(Int32.init(exactly:)) else {
                        throw malformed("the post-processor's token '\(name)' has no proper id")
                    }
                    if texts == 0 { before.append(id) } else { after.append(id) }
                }
            } else {
                throw malformed("the post-processor's template has an unknown piece")
            }
        }
        guard texts == 1 else {
            throw unsupported("a post-processor's template with \(texts) times the text")
        }
        description.prefix = before + description.prefix
        description.suffix += after
    }

    private func readDecoder(_ decoder: JSON) throws(ADPOError) {
        switch decoder["type"]?.string {
        case "ByteLevel": break
        case "Sequence":
            for part in decoder["decoders"]?.array ?? [] { try readDecoder(part) }
        case let type: throw unsupported("the decoder '\(type ?? "null")'")
        }
    }

    // MARK: Special tokens

    private mutating func readSpecialTokens(_ directory: String) throws(ADPOError) {
        var files: [JSON] = []
        for name in ["tokenizer_config.json", "special_tokens_map.json"] {
            do throws(ADPOError) {
                files.append(try JSON(path: directory + "/" + name))
            } catch {
                if error.code != .notFound { throw error }
            }
        }
        /// From the first of the files that names it, as a string or as an added token.
        func special(_ name: String) -> Int32? {
            for file in files {
                if let token = file[name]?.string ?? file[name]?["content"]?.string {
                    return id(of: Array(token.utf8))
                }
            }
            return nil
        }
        description.bos = special("bos_token")
        description.eos = special("eos_token")
        description.pad = special("pad_token")
        description.unknown = special("unk_token")
    }
}
