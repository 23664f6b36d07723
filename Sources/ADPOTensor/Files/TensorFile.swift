import ADPOBase

/// A model's weights on disk, whatever the format: a Hugging Face directory or a GGUF file.
package struct TensorFile: Sendable {
    package enum Kind: Sendable {
        case huggingFace(directory: String)
        case gguf(GGUFMetadata)
    }

    package let path: String
    package let kind: Kind
    private let tensors: TensorTable

    /// Maps the files; no weight is read, unless a directory has quantized ones, which are decoded into
    /// memory. Throws `notFound` when there is nothing, `format` when it is something else or damaged,
    /// `unsupported` for weights quantized in another way, `io` when it cannot be read.
    package static func open(path: String) throws(ADPOError) -> TensorFile {
        guard FileStatus(path)?.isDirectory == true else {
            let file = try GGUFFile(path: path)
            return TensorFile(path: path, kind: .gguf(file.metadata), tensors: file.tensors)
        }
        guard FileStatus(path + "/config.json") != nil else {
            throw ADPOError(
                .notFound,
                """
                \(path) is not a model directory: it holds no config.json (to open a GGUF model, \
                give the path of its file)
                """)
        }
        let quantization = try WeightQuantization(directory: path)
        let stored = try SafetensorsFile(directory: path).tensors
        return TensorFile(
            path: path, kind: .huggingFace(directory: path),
            tensors: try quantization?.decoded(stored) ?? stored)
    }

    /// The names of all tensors, in the order of the files.
    package var names: [String] { tensors.names }

    package func contains(_ name: String) -> Bool { tensors.contains(name) }

    /// The tensor of this name, nil when there is none. Throws `unsupported` when its encoding is
    /// none that can be decoded.
    package func tensor(_ name: String) throws(ADPOError) -> TensorView? {
        try tensors.tensor(name)
    }
}
