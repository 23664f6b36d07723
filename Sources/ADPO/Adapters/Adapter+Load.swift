import ADPOTensor

extension Adapter {
    /// Loads a PEFT directory (adapter_config.json and adapter_model.safetensors), or the adapter
    /// file of llama.cpp when the path ends in ".gguf".
    ///
    /// - Throws: `.notFound`, `.io`, `.format` (also for an adapter of another model),
    ///   `.unsupported`, `.outOfMemory`.
    public convenience init(model: Model, path: String) throws(ADPOError) {
        switch AdapterFormat(path: path) {
        case .peft:
            let source = "\(path)/\(PEFT.configurationFile)"
            let configuration = try PEFTConfiguration(JSON(path: source), source: source)
            let file = try SafetensorsFile(path: "\(path)/\(PEFT.weightsFile)")
            try self.init(
                model: model, path: path, format: .peft, tensors: file.tensors, configuration)
        case .gguf:
            let file = try GGUFFile(path: path)
            let head = try GGUFAdapterHead(file, source: path, family: model.architecture.family)
            try self.init(
                model: model, path: path, format: .gguf, tensors: file.tensors,
                PEFTConfiguration(rank: head.rank, alpha: head.alpha))
        }
    }

    private convenience init(
        model: Model, path: String, format: AdapterFormat, tensors: TensorTable,
        _ configuration: PEFTConfiguration
    ) throws(ADPOError) {
        let modules = try Self.modules(of: tensors, format, model, path: path)
        if let targets = configuration.targetModules {
            let missing = TargetModule.all(model.architecture).first { module in
                !modules.contains(module) && targets.contains(where: module.matches)
            }
            if let missing {
                throw Self.otherModel(
                    path, "\"\(missing.name)\" is a target module without tensors")
            }
        }
        let layout = try AdapterLayout(
            model.architecture, rank: configuration.rank, modules: modules,
            hasMagnitudes: configuration.hasMagnitudes)
        let values = try Buffer<Float>(zeros: layout.count)
        let matrices = AdapterMatrix.all(layout)
        for matrix in matrices {
            let name = format.name(matrix.side, of: matrix.module) ?? ""
            guard let view = try tensors.tensor(name), view.shape == matrix.shape else {
                throw Self.otherModel(path, "\"\(name)\" is missing or not \(matrix.shape)")
            }
            let output = values.pointer + matrix.range.lowerBound
            if matrix.side == .magnitudes {
                let source = try Vector(view)
                for row in 0..<matrix.rows {
                    output[row] = source.pointer[format.row(row, of: matrix, model.architecture)]
                }
                continue
            }
            let source = try Matrix(view)
            for row in 0..<matrix.rows {
                source.decode(
                    row: format.row(row, of: matrix, model.architecture),
                    into: output + row * matrix.columns)
            }
        }
        guard tensors.names.count == matrices.count else {
            throw Self.otherModel(
                path,
                "it holds \(tensors.names.count) tensors, of which this model takes "
                    + "\(matrices.count)")
        }
        try self.init(
            model: model, layout: layout, alpha: configuration.alpha,
            isRankStabilized: configuration.isRankStabilized, values: values.pointer)
    }

    /// The linear layers that have a tensor in the file.
    private static func modules(
        of tensors: TensorTable, _ format: AdapterFormat, _ model: Model, path: String
    ) throws(ADPOError) -> Set<TargetModule> {
        for name in tensors.names where !format.isOfLinearLayer(name) {
            throw ADPOError(
                .unsupported,
                "\(path): the tensor \"\(name)\" is no LoRA matrix of a linear layer; adapters "
                    + "of other modules are not supported")
        }
        let modules = TargetModule.all(model.architecture).filter { module in
            AdapterMatrix.Side.allCases.contains { side in
                format.name(side, of: module).map(tensors.contains) ?? false
            }
        }
        guard !modules.isEmpty else { throw otherModel(path, "it holds no matrix of a layer here") }
        return Set(modules)
    }

    private static func otherModel(_ path: String, _ reason: String) -> ADPOError {
        ADPOError(.format, "\(path) was made for another model: \(reason)")
    }
}
