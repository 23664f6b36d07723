import ADPOBase
import ADPOTensor

/// A model family: the names under which files know it, how their configuration describes it, and what
/// is written of it.
///
/// A new family is one file that declares a value of this type, and one line in `all`.
package struct Family: Sendable {
    /// `model_type` in config.json.
    package let name: String
    /// Other values of `model_type` that mean the same.
    package var otherTypes: [String] = []
    /// `general.architecture` in GGUF files.
    package let ggufName: String
    /// Whether a GGUF file of this architecture is of the family, where several share the name.
    package var isGGUF: @Sendable (GGUFMetadata) -> Bool = { _ in true }
    package let read: @Sendable (ModelSource) throws(ADPOError) -> Architecture
    /// The inverse: everything that `read` looks at.
    package let write: @Sendable (Architecture, inout ConfigurationWriter) throws(ADPOError) -> Void

    /// Every family; tests walk this list.
    package static let all: [Family] = [
        .llama, .qwen3, .gemma3, .phi3, .gpt2, .gptNeoX, .mixtral, .qwen3MoE, .olmo2, .qwen2MoE,
        .phi, .olmoe, .starcoder2, .cohere, .cohere2, .stableLM, .olmo3, .glm4, .arcee, .nemotron,
        .exaone4, .graniteMoE,
    ]

    /// The family of a file, by what its configuration says.
    package static func of(_ source: ModelSource) throws(ADPOError) -> Family {
        let family = all.first { family in
            switch source.file.kind {
            case .huggingFace: ([family.name] + family.otherTypes).contains(source.type)
            case .gguf(let metadata): family.ggufName == source.type && family.isGGUF(metadata)
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
    package let configuration: Configuration
    /// A config.json; null of a GGUF file.
    package let json: JSON

    package init(_ file: TensorFile) throws(ADPOError) {
        self.file = file
        switch file.kind {
        case .huggingFace(let directory):
            kind = .huggingFace
            path = directory + "/config.json"
            json = try JSON(path: path)
            guard let type = json["model_type"]?.string else {
                throw ADPOError(.format, "\(path): \"model_type\" is missing")
            }
            self.type = type
            configuration = Configuration(json, source: path)
        case .gguf(let metadata):
            kind = .gguf
            path = file.path
            json = .null
            guard let name = metadata["general.architecture"]?.string else {
                throw ADPOError(.format, "\(path): \"general.architecture\" is missing")
            }
            type = name
            configuration = Configuration(metadata, prefix: name, source: path)
        }
    }

    /// The same model, described by a member of its config.json.
    package init(_ source: ModelSource, member: JSON) {
        file = source.file
        kind = source.kind
        path = source.path
        type = source.type
        json = member
        configuration = Configuration(member, source: source.path)
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
