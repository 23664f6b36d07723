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
                PEFTConfiguration(alpha: head.alpha))
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
        let ranks = try Self.ranks(of: modules, tensors, format, configuration, path: path)
        let layout = try AdapterLayout(
            model.architecture, rank: ranks.values.max() ?? 0, modules: modules,
            hasMagnitudes: configuration.hasMagnitudes)
        let values = try Buffer<Float>(zeros: layout.count)
        let matrices = AdapterMatrix.all(layout)
        for matrix in matrices {
            let name = format.name(matrix.side, of: matrix.module) ?? ""
            let rank = ranks[matrix.module] ?? layout.rank
            let shape = matrix.shape(rank: rank)
            guard let view = try tensors.tensor(name), view.shape == shape else {
                throw Self.otherModel(path, "\"\(name)\" is missing or not \(shape)")
            }
            let output = values.pointer + matrix.range.lowerBound
            func row(_ row: Int) -> Int { format.row(row, of: matrix, model.architecture) }
            switch matrix.side {
            case .magnitudes:
                let source = try Vector(view)
                for index in 0..<matrix.rows { output[index] = source.pointer[row(index)] }
            case .a:
                let source = try Matrix(view)
                for index in 0..<rank {
                    source.decode(row: index, into: output + index * matrix.columns)
                }
            case .b:
                let source = try Matrix(view)
                let factor = configuration.scale(of: matrix.module, rank: rank, in: layout.rank)
                for index in 0..<matrix.rows {
                    let output = output + index * layout.rank
                    source.decode(row: row(index), into: output)
                    if factor != 1 { for column in 0..<rank { output[column] *= factor } }
                }
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
            isRankStabilized: configuration.isRankStabilized, dropout: configuration.dropout,
            values: values.pointer)
    }

    /// The rank of each module, which the shape of its A tells. Where they differ, matrices are filled
    /// up with zeros to the highest of them, and the scale that a module has of its own goes into B.
    private static func ranks(
        of modules: Set<TargetModule>, _ tensors: TensorTable, _ format: AdapterFormat,
        _ configuration: PEFTConfiguration, path: String
    ) throws(ADPOError) -> [TargetModule: Int] {
        var ranks: [TargetModule: Int] = [:]
        for module in modules {
            let name = format.name(.a, of: module) ?? ""
            guard let rank = try tensors.tensor(name)?.shape.first,
                (1...AdapterLayout.maximumRank).contains(rank)
            else { throw otherModel(path, "\"\(name)\" is missing, or its rank is impossible") }
            if let expected = configuration.rank(of: module), expected != rank {
                throw ADPOError(
                    .format,
                    "\(path): the rank of \"\(name)\" is \(rank), not \(expected) as "
                        + "\(PEFT.configurationFile) says")
            }
            ranks[module] = rank
        }
        return ranks
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
