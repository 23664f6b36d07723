import ADPOBase
import ADPOTensor

/// The files beside the weights in a Hugging Face directory.
enum HuggingFaceExport {
    static let weightsFile = "model.safetensors"

    /// A tokenizer's files, copied as they are.
    private static let copied = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "tokenizer.model",
        "added_tokens.json", "vocab.json", "merges.txt", "tekken.json", "chat_template.jinja",
        "chat_template.json", "generation_config.json",
    ]

    /// Writes config.json, the tokenizer's files and generation_config.json into a folder.
    ///
    /// - Throws: `.io`, `.unsupported` for what transformers' files cannot say, and what reading
    ///   the model's files throws.
    static func write(_ model: Model, _ encoding: Encoding, to folder: String) throws(ADPOError) {
        switch model.file.kind {
        case .huggingFace(let directory):
            var names = copied
            let templates = StagingFolder.names(in: "\(directory)/\(ChatTemplates.folder)")
            if !templates.isEmpty {
                try StagingFolder.makeDirectory("\(folder)/\(ChatTemplates.folder)")
                names += templates.map { "\(ChatTemplates.folder)/\($0)" }
            }
            for name in names { try copy("\(directory)/\(name)", to: "\(folder)/\(name)") }
            let configuration = try JSON(path: "\(directory)/config.json")
            try write(
                setting(encoding.torchName ?? "float32", in: configuration),
                to: "\(folder)/config.json")
        case .gguf(let metadata):
            for (name, json) in try files(model, metadata, encoding) {
                try write(json, to: "\(folder)/\(name)")
            }
        }
    }

    /// The files that say what the metadata of a GGUF file says.
    ///
    /// - Throws: `.unsupported` for what transformers' files cannot say.
    static func files(
        _ model: Model, _ metadata: GGUFMetadata, _ encoding: Encoding
    ) throws(ADPOError) -> [(name: String, json: JSON)] {
        let fields = try GGUFTokenizerFields(metadata, source: model.path)
        return [
            ("config.json", try configuration(model, encoding)),
            ("tokenizer.json", try TokenizerFile.json(fields)),
            ("tokenizer_config.json", try tokenizerConfiguration(model, fields)),
            ("generation_config.json", generationConfiguration(model)),
        ]
    }

    /// Copies a file, if it is there.
    private static func copy(_ source: String, to path: String) throws(ADPOError) {
        do throws(ADPOError) {
            let file = try MappedFile(path: source)
            defer { withExtendedLifetime(file) {} }
            try AtomicFile.write(to: path) { (copy) throws(ADPOError) in
                try copy.append(file.bytes)
            }
        } catch {
            guard error.code == .notFound else { throw error }
        }
    }

    private static func write(_ json: JSON, to path: String) throws(ADPOError) {
        try AtomicFile.write(Array((json.text + "\n").utf8), to: path)
    }

    /// The configuration with the weights' type, under the key that it has or the one that every
    /// version of transformers reads, and without how they were quantized.
    private static func setting(_ dtype: String, in configuration: JSON) -> JSON {
        let keys = ["dtype", "torch_dtype"]
        var members = withoutQuantization(configuration)
        if let index = members.firstIndex(where: { $0.key == "text_config" }) {
            members[index].value = .object(withoutQuantization(members[index].value))
        }
        let present = members.indices.filter { keys.contains(members[$0].key) }
        for index in present { members[index].value = .string(dtype) }
        if present.isEmpty { members.append(("torch_dtype", .string(dtype))) }
        return .object(members)
    }

    private static func withoutQuantization(_ configuration: JSON) -> [(key: String, value: JSON)] {
        let keys = ["quantization_config", "quantization", "compression_config"]
        return (configuration.members ?? []).filter { !keys.contains($0.key) }
    }

    /// A config.json of what a GGUF file says.
    private static func configuration(
        _ model: Model, _ encoding: Encoding
    ) throws(ADPOError) -> JSON {
        let family = try Family.named(model.architecture.family)
        var writer = ConfigurationWriter(.huggingFace, prefix: "", source: model.path)
        try family.write(model.architecture, &writer)
        return .object(
            writer.members + [("torch_dtype", .string(encoding.torchName ?? "float32"))]
                + specialIDs(model))
    }

    private static func specialIDs(_ model: Model) -> [(key: String, value: JSON)] {
        let tokenizer = model.tokenizer
        let ids = [
            ("bos_token_id", tokenizer.bos), ("eos_token_id", tokenizer.eos),
            ("pad_token_id", tokenizer.pad),
        ]
        return ids.compactMap { name, id in id.map { (name, .integer(Int($0))) } }
    }

    private static func generationConfiguration(_ model: Model) -> JSON {
        var members = specialIDs(model).filter { $0.key != "eos_token_id" }
        let ends = model.endTokens.sorted().map { JSON.integer(Int($0)) }
        if !ends.isEmpty { members.append(("eos_token_id", .array(ends))) }
        return .object(members)
    }

    private static func tokenizerConfiguration(
        _ model: Model, _ fields: GGUFTokenizerFields
    ) throws(ADPOError) -> JSON {
        let tokenizer = model.tokenizer
        var members: [(key: String, value: JSON)] = [
            ("tokenizer_class", .string("PreTrainedTokenizerFast")),
            ("model_max_length", .integer(model.architecture.context)),
            ("clean_up_tokenization_spaces", .bool(false)),
        ]
        let special = [
            ("bos_token", tokenizer.bos), ("eos_token", tokenizer.eos),
            ("pad_token", tokenizer.pad), ("unk_token", tokenizer.unknown),
        ]
        for case (let name, let id?) in special {
            members.append((name, .string(try TokenizerFile.text(id, fields))))
        }
        let templates = model.chatTemplates.texts
        if templates.count == 1, let only = templates.first, only.name == "default" {
            members.append(("chat_template", .string(only.text)))
        } else if !templates.isEmpty {
            let list = templates.map { name, text in
                JSON.object([("name", .string(name)), ("template", .string(text))])
            }
            members.append(("chat_template", .array(list)))
        }
        return .object(members)
    }
}
