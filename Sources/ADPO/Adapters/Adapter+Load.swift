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
                model: model, path: path, format: .peft, tensors: file.tensors,
                rank: configuration.rank, alpha: configuration.alpha,
                isRankStabilized: configuration.isRankStabilized)
        case .gguf:
            let file = try GGUFFile(path: path)
            let head = try GGUFAdapterHead(file, source: path, family: model.architecture.family)
            try self.init(
                model: model, path: path, format: .gguf, tensors: file.tensors, rank: head.rank,
                alpha: head.alpha, isRankStabilized: false)
        }
    }

    private convenience init(
        model: Model, path: String, format: AdapterFormat, tensors: TensorTable, rank: Int,
        alpha: Float, isRankStabilized: Bool
    ) throws(ADPOError) {
        let layout = try AdapterLayout(
            model.architecture, rank: rank, targets: Self.targets(of: tensors, format, path: path))
        let values = try Buffer<Float>(zeros: layout.count)
        let matrices = AdapterMatrix.all(layout)
        for matrix in matrices {
            let name = format.name(matrix)
            guard let view = try tensors.tensor(name), view.shape == [matrix.rows, matrix.columns]
            else {
                throw ADPOError(
                    .format,
                    "\(path) was made for another model: \"\(name)\" is missing or not "
                        + "\([matrix.rows, matrix.columns])")
            }
            let source = try Matrix(view)
            for row in 0..<matrix.rows {
                source.decode(
                    row: format.row(row, of: matrix, model.architecture),
                    into: values.pointer + matrix.range.lowerBound + row * matrix.columns)
            }
        }
        guard tensors.names.count == matrices.count else {
            throw ADPOError(
                .format,
                "\(path) was made for another model: it holds "
                    + "\(tensors.names.count) matrices, this model takes \(matrices.count)")
        }
        try self.init(
            model: model, layout: layout, alpha: alpha, isRankStabilized: isRankStabilized,
            values: values.pointer)
    }

    /// The linear layers that the file's tensors name; the rest of the names is checked later.
    private static func targets(
        of tensors: TensorTable, _ format: AdapterFormat, path: String
    ) throws(ADPOError) -> Set<LinearLayer> {
        var targets: Set<LinearLayer> = []
        for name in tensors.names {
            guard let linear = format.linear(ofTensor: name) else {
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
