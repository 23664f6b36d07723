import ADPOTensor

/// One of the parameters of an adapted linear layer: where it lies in a flat array, and what the two
/// kinds of adapter files, PEFT's and llama.cpp's, make of it.
struct AdapterMatrix {
    enum Side: CaseIterable {
        case a  // [rank, in]
        case b  // [out, rank]
        case magnitudes  // [out], of DoRA
    }

    let module: AdapterLayout.Module
    let side: Side
    let range: Range<Int>
    let columns: Int

    var rows: Int { range.count / columns }

    /// In a file of this rank.
    func shape(rank: Int) -> [Int] {
        switch side {
        case .a: [rank, columns]
        case .b: [rows, rank]
        case .magnitudes: [rows]
        }
    }

    /// All parameters of an adapter, in the order of their places.
    static func all(_ layout: AdapterLayout) -> [AdapterMatrix] {
        layout.modules.flatMap { module in
            let parts: [(Side, Range<Int>?, columns: Int)] = [
                (.a, module.a, module.columns), (.b, module.b, layout.rank),
                (.magnitudes, module.magnitudes, 1),
            ]
            return parts.compactMap { side, range, columns in
                range.map {
                    AdapterMatrix(module: module, side: side, range: $0, columns: columns)
                }
            }
        }
    }
}

/// How a kind of file names the matrices of an adapter for a model, and in which order it has the rows of
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
            let suffix =
                switch side {
                case .a: "lora_A.weight"
                case .b: "lora_B.weight"
                case .magnitudes: "lora_magnitude_vector"
                }
            return "base_model.model.\(parameter.module).\(suffix)"
        case .gguf:
            if side == .magnitudes || parameter.gguf.stack != nil { return nil }
            return "\(parameter.gguf.name).lora_\(side == .a ? "a" : "b")"
        }
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
            case .huggingFace: known.formUnion(module.endings.dropLast().suffix(1))
            case .gguf:
                // Without "blk" and the layer's number.
                let parts = parameters[module.weight].gguf.name.split(separator: ".").dropFirst(2)
                known.insert(parts.joined(separator: "."))
            }
        }
        return { name in known.contains { name.contains(".\($0).lora_") } }
    }
}

extension TensorFile.Kind {
    package var fileKind: FileKind {
        switch self {
        case .huggingFace: .huggingFace
        case .gguf: .gguf
        }
    }
}
