import ADPOTensor

/// One of the two matrices of a LoRA update: where it lies in a flat array of parameters.
struct AdapterMatrix {
    enum Side: CaseIterable {
        case a  // [rank, in]
        case b  // [out, rank]
    }

    let linear: LinearLayer
    let layer: Int
    let side: Side
    let range: Range<Int>
    let rows: Int
    let columns: Int

    /// All matrices of an adapter, in the order of their places.
    static func all(_ layout: AdapterLayout) -> [AdapterMatrix] {
        var matrices: [AdapterMatrix] = []
        for layer in 0..<layout.layers {
            for linear in layout.targets {
                guard let a = layout.a(linear, layer: layer), let b = layout.b(linear, layer: layer)
                else { continue }
                matrices.append(
                    AdapterMatrix(
                        linear: linear, layer: layer, side: .a, range: a, rows: layout.rank,
                        columns: layout.columns(linear)))
                matrices.append(
                    AdapterMatrix(
                        linear: linear, layer: layer, side: .b, range: b,
                        rows: layout.rows(linear), columns: layout.rank))
            }
        }
        return matrices
    }
}

/// The two kinds of adapter files: how they name the matrices, and in which order the rows of B
/// are. That order is the order of the rows of the weight that B's product is added to.
package enum AdapterFormat: Sendable {
    case peft
    case gguf

    /// The format that a path asks for.
    init(path: String) {
        self = path.utf8.suffix(5).elementsEqual(".gguf".utf8) ? .gguf : .peft
    }

    func name(_ matrix: AdapterMatrix) -> String {
        let side = matrix.side == .a ? "a" : "b"
        return switch self {
        case .peft:
            "base_model.model.model.layers.\(matrix.layer).\(matrix.linear.moduleName)."
                + "lora_\(side.uppercased()).weight"
        case .gguf:
            "\(TensorNames.gguf.linear(matrix.linear, layer: matrix.layer)).weight.lora_\(side)"
        }
    }

    /// The linear layer whose matrix a file's tensor may be.
    func linear(ofTensor name: String) -> LinearLayer? {
        LinearLayer.allCases.first { linear in
            switch self {
            case .peft: name.contains(".\(linear.moduleName).lora_")
            case .gguf: name.contains(".\(linear.ggufName).weight.lora_")
            }
        }
    }

    /// The row of the file's matrix that is row `row` of ours.
    func row(_ row: Int, of matrix: AdapterMatrix, _ architecture: Architecture) -> Int {
        guard matrix.side == .b else { return row }
        return architecture.row(
            row, of: matrix.linear, interleaved: architecture.rotary.isInterleaved,
            toInterleaved: architecture.isInterleaved(in: self == .gguf ? .gguf : .huggingFace))
    }

    /// Parameters, or their gradients, as the files name, shape and order them.
    package func tensors(
        _ values: UnsafePointer<Float>, _ layout: AdapterLayout, _ architecture: Architecture
    ) -> [SafetensorsWriter.Tensor] {
        AdapterMatrix.all(layout).map { matrix in
            var output = [Float](repeating: 0, count: matrix.range.count)
            for row in 0..<matrix.rows {
                let source = values + matrix.range.lowerBound + row * matrix.columns
                let target = self.row(row, of: matrix, architecture) * matrix.columns
                for column in 0..<matrix.columns { output[target + column] = source[column] }
            }
            return SafetensorsWriter.Tensor(
                name: name(matrix), shape: [matrix.rows, matrix.columns], values: output)
        }
    }
}
