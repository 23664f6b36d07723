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
        let found = try Self.tensors(of: tensors, format, configuration, path: path)
        let layout = try AdapterLayout(
            model.architecture.parameters, rank: found.values.map(\.rank).max() ?? 0,
            weights: Set(found.keys), hasMagnitudes: configuration.hasMagnitudes)
        guard layout.count / 16 <= found.values.reduce(0, { $0 + $1.elementCount }) else {
            throw ADPOError(
                .unsupported,
                "\(path): the ranks of its matrices are too far apart, up to "
                    + "\(layout.rank): the others would be filled up to it")
        }
        let values = try Buffer<Float>(zeros: layout.count)
        for matrix in AdapterMatrix.all(layout) {
            guard let tensors = found[matrix.module.weight], let tensor = tensors[matrix.side]
            else {
                throw Self.otherModel(path, "a matrix is missing")
            }
            let scale =
                matrix.side == .b
                ? configuration.scale(of: tensors.module, rank: tensors.rank, in: layout.rank) : 1
            try tensor.decode(
                matrix, into: values.pointer + matrix.range.lowerBound, scale: scale
            ) { format.row($0, of: matrix) }
        }
        try self.init(
            model: model, layout: layout, alpha: configuration.alpha,
            isRankStabilized: configuration.isRankStabilized, dropout: configuration.dropout,
            values: values.pointer)
    }

    /// The tensors of one linear layer. Where the ranks of several differ, matrices are filled up with zeros
    /// to the highest of them, and the scale that a module has of its own goes into B.
    private struct Tensors {
        let module: TargetModule
        let rank: Int
        var matrices: [AdapterMatrix.Side: AdapterTensor] = [:]

        subscript(side: AdapterMatrix.Side) -> AdapterTensor? { matrices[side] }
        var elementCount: Int { matrices.values.reduce(0) { $0 + $1.elementCount } }
    }

    /// The linear layers that have tensors in the file, which are all that the configuration lists.
    private static func tensors(
        of file: TensorTable, _ format: AdapterFormat, _ configuration: PEFTConfiguration,
        path: String
    ) throws(ADPOError) -> [MatrixID: Tensors] {
        let isOfLinearLayer = format.linearLayers()
        for name in file.names where !isOfLinearLayer(name) {
            throw ADPOError(
                .unsupported,
                "\(path): the tensor \"\(name)\" is no LoRA matrix of a linear layer; adapters "
                    + "of other modules are not supported")
        }
        var found: [MatrixID: Tensors] = [:]
        var taken: Set<String> = []
        for module in TargetModule.all(format.parameters) {
            let tensors = try tensors(
                of: module, in: file, format, configuration, path: path)
            if let tensors {
                found[module.weight] = tensors
                taken.formUnion(tensors.matrices.values.map(\.view.name))
            } else if configuration.lists(module) {
                throw otherModel(path, "\"\(module.name)\" is a target module without tensors")
            }
        }
        guard !found.isEmpty else { throw otherModel(path, "it holds no matrix of a layer here") }
        guard let other = file.names.first(where: { !taken.contains($0) }) else { return found }
        throw otherModel(path, "this model has no place for \"\(other)\"")
    }

    /// nil for a linear layer without tensors.
    private static func tensors(
        of module: TargetModule, in file: TensorTable, _ format: AdapterFormat,
        _ configuration: PEFTConfiguration, path: String
    ) throws(ADPOError) -> Tensors? {
        let sides = AdapterMatrix.Side.allCases.filter {
            $0 != .magnitudes || configuration.hasMagnitudes
        }
        var matrices: [AdapterMatrix.Side: AdapterTensor] = [:]
        for side in sides { matrices[side] = try format.tensor(side, of: module, in: file) }
        if matrices.isEmpty { return nil }
        guard let a = matrices[.a], let rank = a.rank,
            (1...AdapterLayout.maximumRank).contains(rank)
        else {
            throw otherModel(
                path, "A of \"\(module.name)\" is missing, or its rank is impossible")
        }
        if let expected = configuration.rank(of: module), expected != rank {
            throw ADPOError(
                .format,
                "\(path): the rank of \"\(a.view.name)\" is \(rank), not \(expected) as "
                    + "\(PEFT.configurationFile) says")
        }
        let shape = format.parameters[module.weight].shape
        for side in sides {
            guard let matrix = matrices[side] else {
                let name = format.name(side, of: module.weight) ?? module.name
                throw otherModel(path, "\"\(name)\" is missing")
            }
            guard matrix.isRight(side, rank: rank, rows: shape[0], columns: shape[1]) else {
                throw otherModel(
                    path,
                    "\"\(matrix.view.name)\" of shape \(matrix.view.shape) is not of rank \(rank) for "
                        + "a layer of \(shape)")
            }
        }
        return Tensors(module: module, rank: rank, matrices: matrices)
    }

    private static func otherModel(_ path: String, _ reason: String) -> ADPOError {
        ADPOError(.format, "\(path) was made for another model: \(reason)")
    }
}
