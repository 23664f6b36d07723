import ADPOBase

/// Reads Mistral's tekken.json: tokens in the order in which they merge, behind the special ones.
enum TekkenFile {
    /// More are refused, since no text of the file stands for them; files have 1000.
    private static let mostSpecialTokens = 1 << 14

    /// The special tokens of files that do not list theirs.
    private static let older = [
        "<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[AVAILABLE_TOOLS]", "[/AVAILABLE_TOOLS]",
        "[TOOL_RESULTS]", "[/TOOL_RESULTS]", "[TOOL_CALLS]", "[IMG]", "<pad>", "[IMG_BREAK]",
        "[IMG_END]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]", "[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]",
        "[TOOL_CONTENT]",
    ]

    /// - Throws: `.format`, and what reading its pattern throws.
    static func description(_ root: JSON) throws(ADPOError) -> TokenizerDescription {
        guard let config = root["config"], let pattern = config["pattern"]?.string,
            let count = config["default_vocab_size"]?.integer,
            let specialCount = config["default_num_special_tokens"]?.integer,
            let vocabulary = root["vocab"]?.array,
            (0...min(count, mostSpecialTokens)).contains(specialCount),
            count - specialCount <= vocabulary.count, count <= Vocabulary.maximumCount
        else { throw ADPOError(.format, "tekken.json lacks a part, or its sizes do not agree") }
        var description = TokenizerDescription()
        description.preTokenizers = [
            try PreTokenizers.Split(.splitPart(.object([("Regex", .string(pattern))]))),
            try PreTokenizers.ByteLevel(.byteLevel(usesPattern: false)),
        ]
        description.decoders = [Decoders.ByteLevel()]
        description.model.ignoresMerges = true
        try addSpecialTokens(root, specialCount, to: &description)
        description.vocabulary.reserveCapacity(count)
        for (rank, token) in vocabulary.prefix(count - specialCount).enumerated() {
            guard token["rank"]?.integer == rank, let text = token["token_bytes"]?.string,
                let bytes = Base64.decode(text.utf8), !bytes.isEmpty
            else { throw ADPOError(.format, "the token of rank \(rank) is malformed") }
            try description.vocabulary.insert(bytes, id: specialCount + rank, as: .text)
        }
        description.model.merges = .scored((0..<count).map { -Float($0) })
        return description
    }

    private static func addSpecialTokens(
        _ root: JSON, _ count: Int, to description: inout TokenizerDescription
    ) throws(ADPOError) {
        var names: [Int: String] = [:]
        if let listed = root["special_tokens"]?.array {
            for token in listed {
                guard let rank = token["rank"]?.integer, let text = token["token_str"]?.string
                else { throw ADPOError(.format, "a special token is malformed") }
                names[rank] = text
            }
        } else {
            for (rank, name) in older.enumerated() { names[rank] = name }
        }
        for id in 0..<count {
            let content = Array((names[id] ?? "<SPECIAL_\(id)>").utf8)
            try description.vocabulary.insert(content, id: id, as: .unknownToModel)
            description.addedTokens.append(
                AddedToken(id: Int32(id), content: content, isSpecial: true))
        }
        func id(_ name: String) -> Int32? { description.id(of: Array(name.utf8)) }
        description.bos = id("<s>")
        description.eos = id("</s>")
        description.pad = id("<pad>")
        description.unknown = id("<unk>")
        description.prefix = [description.bos].compactMap(\.self)
    }
}
