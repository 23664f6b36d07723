import ADPOBase

/// Finds the tokenizer of a Hugging Face directory.
package enum TokenizerDirectory {
    /// - Throws: `.notFound` without any of the files, `.io`, `.format` when one is malformed,
    ///   `.unsupported` for what we do not know.
    package static func description(_ directory: String) throws(ADPOError) -> TokenizerDescription {
        let configuration = try TokenizerConfiguration(directory)
        let readers: [(name: String, read: Reader)] = [
            ("tokenizer.json", json), ("tokenizer.model", sentencePiece), ("tekken.json", tekken),
            ("vocab.json", vocabularyAndMerges),
        ]
        for (name, read) in readers {
            let path = "\(directory)/\(name)"
            do throws(ADPOError) {
                let description = try read(path, directory, configuration)
                try description.validate()
                return description
            } catch {
                if error.code == .notFound { continue }
                throw error.message.contains(directory)
                    ? error : ADPOError(error.code, "\(path): \(error.message)")
            }
        }
        throw ADPOError(
            .notFound,
            "\(directory) has no tokenizer: none of \(readers.map(\.name).joined(separator: ", "))")
    }

    private typealias Reader = (
        _ path: String, _ directory: String, TokenizerConfiguration
    ) throws(ADPOError) -> TokenizerDescription

    private static func json(
        _ path: String, _: String, _ configuration: TokenizerConfiguration
    ) throws(ADPOError) -> TokenizerDescription {
        try TokenizerFile.description(JSON(path: path), configuration)
    }

    /// As SentencePiece encodes text. Added tokens are looked for before.
    private static func sentencePiece(
        _ path: String, _: String, _ configuration: TokenizerConfiguration
    ) throws(ADPOError) -> TokenizerDescription {
        var fields = try SentencePieceFile.fields(path: path)
        fields.addBOSToken = configuration.flag("add_bos_token") ?? (fields.model == "llama")
        fields.addEOSToken = configuration.flag("add_eos_token") ?? false
        var description = try TokenizerDescription(fields)
        try configuration.addTokens(to: &description)
        let known = description
        configuration.setSpecialTokens(of: &description) { known.id(of: $0) }
        return description
    }

    private static func tekken(
        _ path: String, _: String, _ configuration: TokenizerConfiguration
    ) throws(ADPOError) -> TokenizerDescription {
        var description = try TekkenFile.description(JSON(path: path))
        try configuration.addTokens(to: &description)
        return description
    }

    /// GPT-2's files, whose pipeline only the tokenizer's class tells.
    private static func vocabularyAndMerges(
        _ path: String, _ directory: String, _ configuration: TokenizerConfiguration
    ) throws(ADPOError) -> TokenizerDescription {
        let vocabulary = try JSON(path: path)
        let file = try MappedFile(path: "\(directory)/merges.txt")
        defer { withExtendedLifetime(file) {} }
        let merges = file.bytes.split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#version") }
        let pre = try GGUFPreTokenizer(named: configuration.preTokenizer())
        var preTokenizer = pre.preTokenizer
        if configuration.flag("add_prefix_space") == true {
            preTokenizer = .byteLevel(addsPrefixSpace: true)
        }
        let root = JSON.object([
            ("normalizer", pre.normalizer), ("pre_tokenizer", preTokenizer),
            ("decoder", .byteLevel()),
            (
                "model",
                .part("BPE", [("vocab", vocabulary), ("merges", .array(merges.map(JSON.string)))])
            ),
            ("added_tokens", .array(configuration.addedTokens.map(\.json))),
        ])
        var description = try TokenizerFile.description(root, configuration)
        if configuration.flag("add_bos_token") == true, let bos = description.bos {
            description.prefix = [bos]
        }
        return description
    }
}

extension TokenizerDescription {
    /// The token with a text.
    func id(of text: [UInt8]) -> Int32? {
        addedTokens.last { $0.content == text }?.id ?? vocabulary.id(of: text)
    }
}
