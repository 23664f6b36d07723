import ADPOBase

/// What tokenizer_config.json and the small files beside it say of a tokenizer.
struct TokenizerConfiguration {
    /// tokenizer_config.json, then special_tokens_map.json; those that exist.
    private var files: [JSON] = []
    /// Tokens that are added to those of the vocabulary, in the order of their ids.
    private(set) var addedTokens: [(id: Int, json: JSON)] = []

    /// - Throws: `.io`, `.format`.
    init(_ directory: String) throws(ADPOError) {
        for name in ["tokenizer_config.json", "special_tokens_map.json"] {
            if let file = try Self.read("\(directory)/\(name)") { files.append(file) }
        }
        let added = try Self.read("\(directory)/added_tokens.json")
        try readAddedTokens(added?.members ?? [])
    }

    private static func read(_ path: String) throws(ADPOError) -> JSON? {
        do throws(ADPOError) {
            return try JSON(path: path)
        } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    private mutating func readAddedTokens(
        _ older: [(key: String, value: JSON)]
    ) throws(ADPOError) {
        var tokens: [Int: JSON] = [:]
        let specialContents = specialContents
        for (content, id) in older {
            guard let id = id.integer else {
                throw ADPOError(.format, "added_tokens.json: '\(content)' has no id")
            }
            let isSpecial = specialContents.contains(Array(content.utf8))
            tokens[id] = .object([
                ("content", .string(content)), ("special", .bool(isSpecial)),
                ("normalized", .bool(!isSpecial)),
            ])
        }
        for (id, token) in files.first?["added_tokens_decoder"]?.members ?? [] {
            guard let id = Int(id) else {
                throw ADPOError(.format, "tokenizer_config.json: added_tokens_decoder has '\(id)'")
            }
            tokens[id] = token
        }
        addedTokens = tokens.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The texts of the tokens that have a role.
    private var specialContents: Set<[UInt8]> {
        let roles = ["bos_token", "eos_token", "pad_token", "unk_token"].compactMap(special)
        let others = files.flatMap { $0["additional_special_tokens"]?.array ?? [] }
        return Set(roles + others.compactMap { $0.string.map { Array($0.utf8) } })
    }

    /// The text of a special token, from the first file that names it, as a string or as an added
    /// token.
    private func special(_ name: String) -> [UInt8]? {
        for file in files {
            if let token = file[name]?.string ?? file[name]?["content"]?.string {
                return Array(token.utf8)
            }
        }
        return nil
    }

    func flag(_ name: String) -> Bool? { files.first?[name]?.bool }

    /// llama.cpp's name for the pre-tokenizer of a class of transformers.
    ///
    /// - Throws: `.unsupported` for classes that are not known.
    func preTokenizer() throws(ADPOError) -> String {
        var name = files.first?["tokenizer_class"]?.string ?? "GPT2Tokenizer"
        if name.hasSuffix("Fast") { name.removeLast(4) }
        switch name {
        case "GPT2Tokenizer", "CodeGenTokenizer": return "gpt-2"
        case "Qwen2Tokenizer": return "qwen2"
        default:
            throw .unsupportedPart(
                "a \(name) without tokenizer.json",
                known: "GPT2Tokenizer, CodeGenTokenizer, Qwen2Tokenizer")
        }
    }

    /// Sets the tokens with a role that the files name; `id` gives the token of a text.
    func setSpecialTokens(
        of description: inout TokenizerDescription, id: ([UInt8]) -> Int32?
    ) {
        func set(_ name: String, _ token: inout Int32?) {
            if let text = special(name) { token = id(text) }
        }
        set("bos_token", &description.bos)
        set("eos_token", &description.eos)
        set("pad_token", &description.pad)
        set("unk_token", &description.unknown)
    }

    /// Adds tokens that are looked for in texts before anything else.
    ///
    /// - Throws: `.format` when another token has the id of one.
    func addTokens(to description: inout TokenizerDescription) throws(ADPOError) {
        let ids = Set(addedTokens.map { Int32(truncatingIfNeeded: $0.id) })
        description.addedTokens.removeAll { ids.contains($0.id) }
        for (id, json) in addedTokens {
            guard let content = json["content"]?.string, !content.isEmpty,
                let number = Int32(exactly: id)
            else { throw ADPOError(.format, "an added token has no content, or no proper id") }
            let token = AddedToken(id: number, content: Array(content.utf8), json)
            if description.vocabulary.contains(number) {
                guard description.vocabulary[number].elementsEqual(token.content) else {
                    throw ADPOError(
                        .format, "the added token '\(content)' has the id \(id) of another token")
                }
            } else {
                try description.vocabulary.insert(token.content, id: id, as: .unknownToModel)
            }
            description.addedTokens.append(token)
        }
    }
}
