import ADPOTensor

/// A model family: the names under which files know it, and how their configuration describes it.
///
/// A new family is one file that declares a value of this type, and one line in `all`.
package struct Family: Sendable {
    /// `model_type` in config.json and `general.architecture` in GGUF files.
    package let name: String
    /// From a config.json.
    package let fromHuggingFace:
        @Sendable (JSON, _ source: String) throws(ADPOError) -> Architecture
    /// From GGUF metadata, and the few tensors that hold configuration.
    package let fromGGUF: @Sendable (TensorFile, GGUFMetadata) throws(ADPOError) -> Architecture

    /// Every family; tests walk this list.
    package static let all: [Family] = [.llama]

    package static func named(_ name: String, source: String) throws(ADPOError) -> Family {
        guard let family = all.first(where: { $0.name == name }) else {
            let known = all.map(\.name).joined(separator: ", ")
            throw ADPOError(
                .unsupported,
                "\(source): the architecture \"\(name)\" is not supported; supported are: \(known)")
        }
        return family
    }
}
