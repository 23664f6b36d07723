import ADPOTensor

extension Adapter {
    /// Loads a PEFT directory: adapter_config.json and adapter_model.safetensors.
    ///
    /// - Throws: `.notFound`, `.io`, `.format` (also for an adapter of another model),
    ///   `.unsupported`, `.outOfMemory`.
    public convenience init(model: Model, path: String) throws(ADPOError) {
        let source = "\(path)/\(PEFT.configurationFile)"
        let configuration = try PEFTConfiguration(JSON(path: source), source: source)
        let file = try SafetensorsFile(path: "\(path)/\(PEFT.weightsFile)")
        let targets = try Self.targets(of: file, path: path)
        let layout = try AdapterLayout(
            model.architecture, rank: configuration.rank, targets: targets)
        let values = try Buffer<Float>(zeros: layout.count)
        let matrices = PEFT.matrices(layout)
        for matrix in matrices {
            guard let view = try file.tensors.tensor(matrix.name),
                view.shape == [matrix.rows, matrix.columns]
            else {
                throw ADPOError(
                    .format,
                    "\(path) was made for another model: \"\(matrix.name)\" is missing or not "
                        + "\([matrix.rows, matrix.columns])")
            }
            let source = try Matrix(view)
            for row in 0..<matrix.rows {
                source.decode(
                    row: matrix.peftRow(row, model.architecture),
                    into: values.pointer + matrix.range.lowerBound + row * matrix.columns)
            }
        }
        guard file.tensors.names.count == matrices.count else {
            throw ADPOError(
                .format,
                "\(path) was made for another model: it holds "
                    + "\(file.tensors.names.count) matrices, this model takes \(matrices.count)")
        }
        try self.init(
            model: model, layout: layout, alpha: configuration.alpha,
            isRankStabilized: configuration.isRankStabilized, values: values.pointer)
    }

    /// The linear layers that the file's tensors name; the rest of the names is checked later.
    private static func targets(
        of file: SafetensorsFile, path: String
    ) throws(ADPOError) -> Set<LinearLayer> {
        var targets: Set<LinearLayer> = []
        for name in file.tensors.names {
            guard
                let linear = LinearLayer.allCases.first(where: {
                    name.contains(".\($0.moduleName).lora_")
                })
            else {
                throw ADPOError(
                    .unsupported,
                    "\(path): the tensor \"\(name)\" is no LoRA matrix of a linear layer; adapters "
                        + "of other modules are not supported")
            }
            targets.insert(linear)
        }
        return targets
    }
}

/// What an adapter_config.json says, as far as the library can follow it.
private struct PEFTConfiguration {
    let rank: Int
    let alpha: Float
    let isRankStabilized: Bool

    init(_ json: JSON, source: String) throws(ADPOError) {
        let configuration = Configuration(json, source: source)
        let type = configuration.string("peft_type") ?? "none"
        guard type == "LORA" else {
            throw ADPOError(.unsupported, "\(source): the adapter type \(type) is not LORA")
        }
        for key in ["use_dora", "use_qalora", "use_bdlora", "lora_bias", "fan_in_fan_out"]
        where try configuration.bool(key, default: false) {
            throw ADPOError(.unsupported, "\(source): \"\(key)\" is not supported")
        }
        for key in ["rank_pattern", "alpha_pattern"] {
            guard json[key]?.members?.isEmpty ?? true else {
                throw ADPOError(
                    .unsupported, "\(source): \"\(key)\" is not supported: all layers share a rank")
            }
        }
        rank = try configuration.integer("r")
        guard rank >= 1 else { throw ADPOError(.format, "\(source): the rank \"r\" is 0") }
        alpha = Float(try configuration.number("lora_alpha"))
        isRankStabilized = try configuration.bool("use_rslora", default: false)
    }
}
