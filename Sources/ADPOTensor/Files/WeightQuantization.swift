import ADPOBase

/// How a Hugging Face directory says that its weights are quantized, in its config.json.
///
/// Safetensors have no quantized types: a weight is integers or 8-bit floats, and other tensors beside it
/// have its scales. `decoded` makes matrices of them.
struct WeightQuantization {
    enum Layout {
        /// `weight` in F8_E4M3 or I8, one number a weight.
        /// https://huggingface.co/docs/transformers/quantization/finegrained_fp8
        case scaled
        /// `weight_packed`, as compressed-tensors packs integers of 4 or 8 bits.
        /// https://github.com/vllm-project/compressed-tensors
        case packed(bits: Int)
        /// `weight`, `scales` and `biases`, as MLX packs integers of 2, 4 or 8 bits.
        /// https://ml-explore.github.io/mlx/build/html/python/_autosummary/mlx.core.quantize.html
        case affine
    }

    let layout: Layout
    /// The rows and columns that share a scale; nil where the scales' shape tells.
    let block: (rows: Int, columns: Int)?
    /// What the configuration says of it.
    let description: JSON
    /// The config.json, for messages.
    let path: String

    /// What the config.json of a directory says; nil for weights that are not quantized.
    ///
    /// - Throws: `.unsupported` for a method that cannot be read; and what reading the file throws.
    init?(directory: String) throws(ADPOError) {
        path = directory + "/config.json"
        let configuration = try JSON(path: path)
        // Of a multimodal model the text model may say it.
        for object in [configuration, configuration["text_config"]].compactMap(\.self) {
            let keys = ["quantization", "quantization_config", "compression_config"]
            if let value = keys.compactMap({ object[$0] }).first(where: { $0.members != nil }) {
                guard let layout = try Self.layout(value, path: path) else { return nil }
                self.layout = layout
                description = value
                block = Self.block(value)
                return
            }
        }
        return nil
    }

    private static func layout(_ json: JSON, path: String) throws(ADPOError) -> Layout? {
        switch json["quant_method"]?.string {
        case "fp8", "fbgemm_fp8": return .scaled
        case "compressed-tensors", "compressed_tensors":
            return try compressedTensors(json, path: path)
        case nil where json["bits"]?.integer != nil && json["group_size"]?.integer != nil:
            let mode = json["mode"]?.string ?? "affine"
            guard mode == "affine" else { throw unsupported("MLX (\(mode))", path: path) }
            return .affine
        case nil where json["load_in_4bit"] != nil || json["load_in_8bit"] != nil:
            throw unsupported("bitsandbytes", path: path)
        case let method: throw unsupported(method ?? "an unknown method", path: path)
        }
    }

    private static func compressedTensors(_ json: JSON, path: String) throws(ADPOError) -> Layout? {
        let format = json["format"]?.string ?? "dense"
        let name = "compressed-tensors (\(format))"
        let sparsity = json["sparsity_config"]?["format"]?.string ?? "dense"
        let transforms = json["transform_config"]?["config_groups"]?.members ?? []
        let groups = (json["config_groups"]?.members ?? []).compactMap { $0.value["weights"] }
        let isSymmetric = groups.allSatisfy { $0["symmetric"]?.bool ?? true }
        guard sparsity == "dense", transforms.isEmpty, isSymmetric else {
            let kind =
                !isSymmetric ? "zero points" : transforms.isEmpty ? "sparsity" : "transforms"
            throw unsupported("\(name) with \(kind)", path: path)
        }
        switch format {
        case "dense": return nil
        case "float-quantized", "int-quantized", "naive-quantized": return .scaled
        case "pack-quantized":
            let bits = Set(groups.map { $0["num_bits"]?.integer ?? 0 })
            guard let one = bits.first, bits.count == 1, one == 4 || one == 8 else {
                throw unsupported("\(name) with other than 4 or 8 bits", path: path)
            }
            return .packed(bits: one)
        default: throw unsupported(name, path: path)
        }
    }

    /// The size of blocks: `weight_block_size`, or that of the one group of compressed-tensors.
    private static func block(_ json: JSON) -> (rows: Int, columns: Int)? {
        let group = json["config_groups"]?.members?.first?.value["weights"]
        let size = json["weight_block_size"] ?? group?["block_structure"]
        let sizes = (size?.array ?? []).compactMap(\.integer)
        if sizes.count == 2 { return (sizes[0], sizes[1]) }
        return group?["group_size"]?.integer.map { (1, $0) }
    }

    static func unsupported(_ method: String, path: String) -> ADPOError {
        ADPOError(
            .unsupported,
            """
            \(path): the weights are quantized by \(method), which cannot be read; what can is fp8, \
            compressed-tensors of floats of 8 bits and symmetric integers of 4 or 8 bits, and MLX's \
            affine quantization. Take the model's original weights, or a GGUF file of it
            """)
    }
}
