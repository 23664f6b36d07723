import ADPOBase
import ADPOTensor

/// A model family: the names under which files know it, how their configuration describes it, and what
/// is written of it.
///
/// A new family is one file that declares a value of this type, and one line in `all`.
package struct Family: Sendable {
    /// `model_type` in config.json.
    package let name: String
    /// The `model_type` of multimodal models with such a text part.
    package var otherTypes: [String] = []
    /// `general.architecture` in GGUF files; nil where llama.cpp has none for the family.
    package let ggufName: String?
    /// The family whose files such GGUF files are, where nothing tells the two apart there.
    package var ggufFamily: String?
    /// Whether a GGUF file of this architecture is of the family, where several share the name.
    package var isGGUF: @Sendable (GGUFMetadata) -> Bool = { _ in true }
    package let read: @Sendable (ModelSource) throws(ADPOError) -> Architecture
    /// The inverse: everything that `read` looks at.
    package let write: @Sendable (Architecture, inout ConfigurationWriter) throws(ADPOError) -> Void

    /// Every family; tests walk this list.
    package static let all: [Family] = [
        .llama, .qwen3, .qwen2, .mistral, .ministral3, .gemma3, .gemma2, .gemma, .smollm3,
        .granite, .ernie4_5, .seedOSS, .hunYuanDense, .helium, .phi3, .phi, .gpt2, .gptNeoX,
        .olmo2, .olmo3, .starcoder2, .cohere, .cohere2, .stableLM, .glm4, .arcee, .nemotron,
        .exaone4, .mixtral, .qwen3MoE, .qwen2MoE, .olmoe, .graniteMoE,
    ]

    /// The family of a file, by what its configuration says.
    package static func of(_ source: ModelSource) throws(ADPOError) -> Family {
        let family = all.first { family in
            switch source.file.kind {
            case .huggingFace: family.isType(source.type, of: source.folderType)
            case .gguf(let metadata):
                family.ggufFamily == nil && family.ggufName == source.type
                    && family.isGGUF(metadata)
            }
        }
        guard let family else {
            let known = all.map(\.name).joined(separator: ", ")
            throw ADPOError(
                .unsupported,
                "\(source.path): the architecture \"\(source.type)\" is not supported; supported "
                    + "are: \(known)")
        }
        return family
    }

    /// - Parameter folderType: The type of the model whose text part it is, or the same.
    private func isType(_ type: String, of folderType: String) -> Bool {
        type == folderType
            ? type == name || otherTypes.contains(type)
            : type == name && otherTypes.contains(folderType)
    }

    /// `general.architecture` of what is written.
    ///
    /// - Throws: `.unsupported` where llama.cpp has no such architecture.
    package func ggufArchitecture(source: String) throws(ADPOError) -> String {
        guard let ggufName else {
            throw ADPOError(
                .unsupported,
                "\(source): there are no GGUF files of the architecture \"\(name)\"; write to a "
                    + "directory instead")
        }
        return ggufName
    }

    package static func named(_ name: String) throws(ADPOError) -> Family {
        guard let family = all.first(where: { $0.name == name }) else {
            throw ADPOError(.internal, "there is no model family \"\(name)\"")
        }
        return family
    }
}

/// The source that a family reads: the configuration of a model, and the tensors beside it.
package struct ModelSource {
    package let file: TensorFile
    package let kind: FileKind
    /// The file that has the configuration, for messages.
    package let path: String
    /// `model_type` or `general.architecture`.
    package let type: String
    /// `model_type` of the whole model, where this is a part.
    package let folderType: String
    package let configuration: Configuration
    /// A config.json, or what it says of the text part; null of a GGUF file.
    package let json: JSON
    /// The model is the text part of a multimodal one.
    package let isTextPart: Bool

    package init(_ file: TensorFile) throws(ADPOError) {
        self.file = file
        switch file.kind {
        case .huggingFace(let directory):
            kind = .huggingFace
            path = directory + "/config.json"
            let whole = try JSON(path: path)
            guard let type = whole["model_type"]?.string else {
                throw ADPOError(.format, "\(path): \"model_type\" is missing")
            }
            let text = whole["text_config"].flatMap { $0.isNull ? nil : $0 }
            json = text ?? whole
            isTextPart = text != nil
            folderType = type
            self.type = text?["model_type"]?.string ?? type
            configuration = Configuration(json, source: path)
        case .gguf(let metadata):
            kind = .gguf
            path = file.path
            json = .null
            isTextPart = false
            guard let name = metadata["general.architecture"]?.string else {
                throw ADPOError(.format, "\(path): \"general.architecture\" is missing")
            }
            type = name
            folderType = name
            configuration = Configuration(metadata, prefix: name, source: path)
        }
    }

    /// - Throws: `.unsupported` for an activation that no family has.
    package func activation(_ key: String, default name: String) throws(ADPOError) -> Activation {
        let name = kind == .gguf ? name : configuration.string(key) ?? name
        guard let activation = Activation(name: name) else {
            throw ADPOError(
                .unsupported, "\(path): the activation \"\(name)\" is not supported")
        }
        return activation
    }
}
