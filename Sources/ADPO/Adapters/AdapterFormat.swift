import ADPOBase
import ADPOTensor

/// How one of the kinds of adapter files, PEFT's and llama.cpp's, names the matrices of an adapter for a model, and in which order it has the rows of
/// B and the magnitudes: that of the rows of the weight that they change.
struct AdapterFormat {
    let kind: FileKind
    let parameters: ParameterList
    /// The kind of the file that the model comes from, in whose order our rows are.
    let modelKind: FileKind

    init(_ kind: FileKind, _ model: Model) {
        self.kind = kind
        parameters = model.architecture.parameters
        modelKind = model.file.kind.fileKind
    }

    /// The name of a tensor; nil for what the format does not have.
    func name(_ side: AdapterMatrix.Side, of weight: MatrixID) -> String? {
        let parameter = parameters[weight]
        switch kind {
        case .huggingFace:
            return Self.peftName(side, parameter.module)
        case .gguf:
            if side == .magnitudes || parameter.gguf.stack != nil { return nil }
            return "\(parameter.gguf.name).lora_\(side == .a ? "a" : "b")"
        }
    }

    /// A tensor of a file, under any of the names that the module may have; nil when there is none.
    func tensor(
        _ side: AdapterMatrix.Side, of module: TargetModule, in file: TensorTable
    ) throws(ADPOError) -> AdapterTensor? {
        guard let name = name(side, of: module.weight) else { return nil }
        if let view = try file.tensor(name) { return AdapterTensor(view: view) }
        guard kind == .huggingFace, let newer = module.newerName else { return nil }
        if let expert = parameters[module.weight].expert {
            return try tensorOfExperts(side, expert, newer, in: file)
        }
        return try file.tensor(Self.peftName(side, newer)).map { AdapterTensor(view: $0) }
    }

    /// The tensor of all experts of a layer that peft makes with transformers 5, where they are two parameters
    /// of one module. Of two that are adapted, the first is `base_layer` of the other.
    private func tensorOfExperts(
        _ side: AdapterMatrix.Side, _ expert: Parameter.Expert, _ name: String,
        in file: TensorTable
    ) throws(ADPOError) -> AdapterTensor? {
        let module = name.split(separator: ".").dropLast().joined(separator: ".")
        let isFirst = expert.part != .down
        let first = Self.peftName(side, "\(module).base_layer")
        let hasBoth = file.contains(first)
        guard let view = try file.tensor(isFirst && hasBoth ? first : Self.peftName(side, module))
        else { return nil }
        return AdapterTensor(view: view, expert: expert)
    }

    private static func peftName(_ side: AdapterMatrix.Side, _ module: String) -> String {
        let suffix =
            switch side {
            case .a: "lora_A.weight"
            case .b: "lora_B.weight"
            case .magnitudes: "lora_magnitude_vector"
            }
        return "base_model.model.\(module).\(suffix)"
    }

    /// The row of the file's matrix that is row `row` of ours.
    func row(_ row: Int, of matrix: AdapterMatrix) -> Int {
        guard matrix.side != .a else { return row }
        let parameter = parameters[matrix.module.weight]
        return parameter.place(in: modelKind).order.row(row, in: parameter.place(in: kind).order)
    }

    /// Parameters, or their gradients, as the files name, shape and order them.
    func tensors(
        _ values: UnsafePointer<Float>, _ layout: AdapterLayout
    ) -> [SafetensorsWriter.Tensor] {
        AdapterMatrix.all(layout).compactMap { matrix in
            guard let name = name(matrix.side, of: matrix.module.weight) else { return nil }
            var output = [Float](repeating: 0, count: matrix.range.count)
            for row in 0..<matrix.rows {
                let source = values + matrix.range.lowerBound + row * matrix.columns
                let target = self.row(row, of: matrix) * matrix.columns
                for column in 0..<matrix.columns { output[target + column] = source[column] }
            }
            return SafetensorsWriter.Tensor(
                name: name, shape: matrix.shape(rank: layout.rank), values: output)
        }
    }

    /// Tells whether a file's tensor may be one of a linear layer of such a model, with more or fewer
    /// layers.
    func linearLayers() -> (_ name: String) -> Bool {
        var known: Set<String> = []
        for module in TargetModule.all(parameters) {
            switch kind {
            case .huggingFace:
                known.formUnion(module.endings.dropLast().suffix(1))
                if let newer = module.newerName {
                    let parts = newer.split(separator: ".")
                    known.formUnion(
                        [parts.suffix(2), parts.suffix(3).dropLast()].map {
                            $0.joined(separator: ".")
                        })
                    known.insert("experts.base_layer")
                }
            case .gguf:
                // Without "blk" and the layer's number.
                let parts = parameters[module.weight].gguf.name.split(separator: ".").dropFirst(2)
                known.insert(parts.joined(separator: "."))
            }
        }
        return { name in known.contains { name.contains(".\($0).lora_") } }
    }
}
