import ADPOBase
import ADPOTensor

/// The metadata of a GGUF file of a model.
enum GGUFExport {
    /// - Throws: `.unsupported` for a tokenizer that GGUF files cannot hold, and what reading the
    ///   model's files throws.
    static func writer(_ model: Model, _ encoding: Encoding?) throws(ADPOError) -> GGUFWriter {
        var writer: GGUFWriter
        switch model.file.kind {
        case .gguf(let metadata):
            writer = GGUFWriter(copying: metadata) { $0.hasPrefix("split.") }
            // What is encoded as before also is of the same type, such as Q4_K_M.
            if encoding == nil, metadata["general.file_type"] != nil { return writer }
        case .huggingFace(let directory):
            writer = try architecture(model)
            try setTokenizer(&writer, model, directory: directory)
        }
        writer.set("general.file_type", .uint32((encoding ?? model.weights.encoding).ggufFileType))
        writer.set("general.quantization_version", .uint32(2))
        return writer
    }

    /// The family's description of the model.
    private static func architecture(_ model: Model) throws(ADPOError) -> GGUFWriter {
        let family = try Family.named(model.architecture.family)
        let name = try family.ggufArchitecture(source: model.path)
        var configuration = ConfigurationWriter(.gguf, prefix: name, source: model.path)
        try family.write(model.architecture, &configuration)
        var writer = configuration.metadata
        writer.set("general.architecture", .text(name))
        writer.set("general.type", .text("model"))
        writer.set("general.name", .text(model.name))
        return writer
    }

    private static func setTokenizer(
        _ writer: inout GGUFWriter, _ model: Model, directory: String
    ) throws(ADPOError) {
        let fields = try GGUFTokenizerFields(
            TokenizerDirectory.description(directory), count: model.architecture.vocabulary)
        func key(_ name: String) -> String { "tokenizer.ggml.\(name)" }
        writer.set(key("model"), .text(fields.model))
        if fields.addedTokensStripRight, !GGUFTokenizerFields.isPhi3(name: model.name) {
            writer.set("general.name", .text("Phi-3 \(model.name)"))
        }
        if let pre = fields.pre { writer.set(key("pre"), .text(pre)) }
        writer.set(key("tokens"), .strings(fields.tokens.map(Array.init)))
        if let types = fields.tokenTypes { writer.set(key("token_type"), .int32s(types)) }
        if let scores = fields.scores { writer.set(key("scores"), .float32s(scores)) }
        if fields.scores == nil {
            writer.set(key("merges"), .strings(fields.merges.map(Array.init)))
        }
        let ids = [
            ("bos", fields.bosTokenID), ("eos", fields.eosTokenID),
            ("padding", fields.paddingTokenID), ("unknown", fields.unknownTokenID),
        ]
        for case (let name, let id?) in ids { writer.set(key("\(name)_token_id"), .count(id)) }
        // Other tokens end a response, too; llama.cpp has two more names for such tokens.
        let ends = model.endTokens.subtracting([model.tokenizer.eos].compactMap(\.self)).sorted()
        for (name, id) in zip(["eot", "eom"], ends) {
            writer.set(key("\(name)_token_id"), .count(Int(id)))
        }
        writer.set(key("add_bos_token"), .bool(fields.addBOSToken ?? false))
        writer.set(key("add_eos_token"), .bool(fields.addEOSToken ?? false))
        writer.set(key("add_space_prefix"), .bool(fields.addSpacePrefix ?? false))
        for (name, text) in model.chatTemplates.texts {
            let key = "tokenizer.chat_template"
            writer.set(name == "default" ? key : "\(key).\(name)", .text(text))
        }
    }
}

extension Model {
    /// The last part of its path.
    fileprivate var name: String {
        path.split(separator: "/").last.map(String.init) ?? architecture.family
    }
}
