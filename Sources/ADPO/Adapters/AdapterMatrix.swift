import ADPOTensor

/// One of the parameters of an adapted linear layer: where it lies in a flat array.
struct AdapterMatrix {
    enum Side: CaseIterable {
        case a  // [rank, in]
        case b  // [out, rank]
        case magnitudes  // [out], of DoRA
    }

    let module: TargetModule
    let side: Side
    let range: Range<Int>
    let rows: Int
    let columns: Int

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
            let (linear, layer) = (module.linear, module.layer)
            let parts: [(Side, Range<Int>?, columns: Int)] = [
                (.a, layout.a(linear, layer: layer), layout.columns(linear)),
                (.b, layout.b(linear, layer: layer), layout.rank),
                (.magnitudes, layout.magnitudes(linear, layer: layer), 1),
            ]
            return parts.compactMap { side, range, columns in
                range.map {
                    AdapterMatrix(
                        module: module, side: side, range: $0, rows: $0.count / columns,
                        columns: columns)
                }
            }
        }
    }
}

/// How the two kinds of adapter files, PEFT's and llama.cpp's, name the parameters, and in which order
/// the rows of B and the magnitudes are. That order is the order of the rows of the weight that they
/// change.
extension TensorNames {
    /// The name of a tensor; nil for what the format does not have.
    func name(_ side: AdapterMatrix.Side, of module: TargetModule) -> String? {
        switch self {
        case .huggingFace:
            let suffix =
                switch side {
                case .a: "lora_A.weight"
                case .b: "lora_B.weight"
                case .magnitudes: "lora_magnitude_vector"
                }
            return "base_model.model.\(module.name).\(suffix)"
        case .gguf:
            if side == .magnitudes { return nil }
            let weight = linear(module.linear, layer: module.layer) + ".weight"
            return "\(weight).lora_\(side == .a ? "a" : "b")"
        }
    }

    /// Whether a file's tensor may be one of a linear layer of some model.
    func isOfLinearLayer(_ name: String) -> Bool {
        LinearLayer.allCases.contains { linear in
            switch self {
            case .huggingFace: name.contains(".\(linear.moduleName).lora_")
            case .gguf: name.contains(".\(linear.ggufName).weight.lora_")
            }
        }
    }

    /// The row of the file's matrix that is row `row` of ours.
    func row(_ row: Int, of matrix: AdapterMatrix, _ architecture: Architecture) -> Int {
        guard matrix.side != .a else { return row }
        return architecture.row(
            row, of: matrix.module.linear, interleaved: architecture.rotary.isInterleaved,
            toInterleaved: architecture.isInterleaved(in: self))
    }

    /// Parameters, or their gradients, as the files name, shape and order them.
    package func tensors(
        _ values: UnsafePointer<Float>, _ layout: AdapterLayout, _ architecture: Architecture
    ) -> [SafetensorsWriter.Tensor] {
        AdapterMatrix.all(layout).compactMap { matrix in
            guard let name = name(matrix.side, of: matrix.module) else { return nil }
            var output = [Float](repeating: 0, count: matrix.range.count)
            for row in 0..<matrix.rows {
                let source = values + matrix.range.lowerBound + row * matrix.columns
                let target = self.row(row, of: matrix, architecture) * matrix.columns
                for column in 0..<matrix.columns { output[target + column] = source[column] }
            }
            return SafetensorsWriter.Tensor(
                name: name, shape: matrix.shape(rank: layout.rank), values: output)
        }
    }
}
