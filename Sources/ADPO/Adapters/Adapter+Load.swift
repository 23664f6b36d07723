import ADPOBase
import ADPOTensor

extension Adapter {
    /// Loads a PEFT directory (adapter_config.json and adapter_model.safetensors), or the adapter
    /// file of llama.cpp when the path ends in ".gguf".
    ///
    /// - Throws: `.notFound`, `.io`, `.format` (also for an adapter of another model),
    ///   `.unsupported`, `.outOfMemory`.
    public convenience init(model: Model, path: String) throws(ADPOError) {
        switch FileKind(path: path) {
        case .huggingFace:
            let source = "\(path)/\(PEFT.configurationFile)"
            let configuration = try PEFTConfiguration(JSON(path: source), source: source)
            let file = try SafetensorsFile(path: "\(path)/\(PEFT.weightsFile)")
            try self.init(
                model: model, path: path, AdapterFormat(.huggingFace, model), tensors: file.tensors,
                configuration)
        case .gguf:
            let file = try GGUFFile(path: path)
            let head = try GGUFAdapterHead(file, source: path, model)
            try self.init(
                model: model, path: path, AdapterFormat(.gguf, model), tensors: file.tensors,
                PEFTConfiguration(alpha: head.alpha))
        }
    }

    private convenience init(
        model: Model, path: String, _ format: AdapterFormat, tensors: TensorTable,
        _ configuration: PEFTConfiguration
    ) throws(ADPOError) {
        let modules = try Self.modules(of: tensors, format, configuration, path: path)
        let ranks = try Self.ranks(of: modules, tensors, format, configuration, path: path)
        let layout = try AdapterLayout(
            model.architecture.parameters, rank: ranks.values.max() ?? 0,
            weights: Set(ranks.keys), hasMagnitudes: configuration.hasMagnitudes)
        let matrices = AdapterMatrix.all(layout)
        var views: [TensorView] = []
        for matrix in matrices {
            let name = format.name(matrix.side, of: matrix.module.weight) ?? ""
            let shape = matrix.shape(rank: ranks[matrix.module.weight] ?? layout.rank)
            guard let view = try tensors.tensor(name), view.shape == shape else {
                throw Self.otherModel(path, "\"\(name)\" is missing or not \(shape)")
            }
            views.append(view)
        }
        guard tensors.names.count == matrices.count else {
            throw Self.otherModel(
                path,
                "it holds \(tensors.names.count) tensors, of which this model takes "
                    + "\(matrices.count)")
        }
        guard layout.count / 16 <= views.reduce(0, { $0 + $1.elementCount }) else {
            throw ADPOError(
                .unsupported,
                "\(path): the ranks of its matrices are too far apart, up to "
                    + "\(layout.rank): the others would be filled up to it")
        }
        let values = try Buffer<Float>(zeros: layout.count)
        let names = Dictionary(uniqueKeysWithValues: modules.map { ($0.weight, $0) })
        for (matrix, view) in zip(matrices, views) {
            guard let module = names[matrix.module.weight] else { continue }
            let rank = ranks[matrix.module.weight] ?? layout.rank
            try Self.read(
                view, matrix, into: values.pointer + matrix.range.lowerBound,
                scale: matrix.side == .b
                    ? configuration.scale(of: module, rank: rank, in: layout.rank) : 1
            ) { format.row($0, of: matrix) }
        }
        try self.init(
            model: model, layout: layout, alpha: configuration.alpha,
            isRankStabilized: configuration.isRankStabilized, dropout: configuration.dropout,
            values: values.pointer)
    }

    /// Reads a matrix, times a scale, into rows of the layout's width.
    private static func read(
        _ view: TensorView, _ matrix: AdapterMatrix, into output: UnsafeMutablePointer<Float>,
        scale: Float, row: (Int) -> Int
    ) throws(ADPOError) {
        if matrix.side == .magnitudes {
            let source = try Vector(view)
            for index in 0..<source.count { output[index] = source.pointer[row(index)] }
            return
        }
        let source = try Matrix(view)
        for index in 0..<source.rows {
            let output = output + index * matrix.columns
            source.decode(row: row(index), into: output)
            if scale != 1 { for column in 0..<source.columns { output[column] *= scale } }
        }
    }

    /// The rank of each module, which the shape of its A tells. Where they differ, matrices are filled
    /// up with zeros to the highest of them, and the scale that a module has of its own goes into B.
    private static func ranks(
        of modules: [TargetModule], _ tensors: TensorTable, _ format: AdapterFormat,
        _ configuration: PEFTConfiguration, path: String
    ) throws(ADPOError) -> [MatrixID: Int] {
        var ranks: [MatrixID: Int] = [:]
        for module in modules {
            let name = format.name(.a, of: module.weight) ?? ""
            guard let rank = try tensors.tensor(name)?.shape.first,
                (1...AdapterLayout.maximumRank).contains(rank)
            else { throw otherModel(path, "\"\(name)\" is missing, or its rank is impossible") }
            if let expected = configuration.rank(of: module), expected != rank {
                throw ADPOError(
                    .format,
                    "\(path): the rank of \"\(name)\" is \(rank), not \(expected) as "
                        + "\(PEFT.configurationFile) says")
            }
            ranks[module.weight] = rank
        }
        return ranks
    }

    /// The linear layers that have a tensor in the file: all that the configuration lists.
    private static func modules(
        of tensors: TensorTable, _ format: AdapterFormat, _ configuration: PEFTConfiguration,
        path: String
    ) throws(ADPOError) -> [TargetModule] {
        let isOfLinearLayer = format.linearLayers()
        for name in tensors.names where !isOfLinearLayer(name) {
            throw ADPOError(
                .unsupported,
                "\(path): the tensor \"\(name)\" is no LoRA matrix of a linear layer; adapters "
                    + "of other modules are not supported")
        }
        var modules: [TargetModule] = []
        for module in TargetModule.all(format.parameters) {
            let isThere = AdapterMatrix.Side.allCases.contains { side in
                format.name(side, of: module.weight).map(tensors.contains) ?? false
            }
            if isThere {
                modules.append(module)
            } else if configuration.lists(module) {
                throw otherModel(path, "\"\(module.name)\" is a target module without tensors")
            }
        }
        guard !modules.isEmpty else { throw otherModel(path, "it holds no matrix of a layer here") }
        return modules
    }

    private static func otherModel(_ path: String, _ reason: String) -> ADPOError {
        ADPOError(.format, "\(path) was made for another model: \(reason)")
    }
}
