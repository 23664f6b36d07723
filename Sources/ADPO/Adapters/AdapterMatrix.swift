import ADPOTensor

/// How PEFT writes LoRA adapters: the names and the layout of an adapter directory.
package enum PEFT {
    static let configurationFile = "adapter_config.json"
    static let weightsFile = "adapter_model.safetensors"

    /// Which of the two matrices of an update.
    enum Side: String, CaseIterable {
        case a = "lora_A"  // [rank, in]
        case b = "lora_B"  // [out, rank]
    }

    /// One matrix of an adapter: where it lies in a flat array, and how its rows are ordered there.
    struct Matrix {
        let linear: LinearLayer
        let layer: Int
        let side: Side
        let range: Range<Int>
        let rows: Int
        let columns: Int

        var name: String {
            "base_model.model.model.layers.\(layer).\(linear.moduleName).\(side.rawValue).weight"
        }

        /// The row of PEFT's matrix that is row `row` here.
        ///
        /// PEFT's rows are ordered as in Hugging Face weights. Where the model's file keeps queries
        /// and keys in the order of interleaved RoPE, those of B follow it: row `2 pair + half` of a
        /// head here is row `half * headWidth / 2 + pair` there.
        func peftRow(_ row: Int, _ architecture: Architecture) -> Int {
            guard architecture.rotary.isInterleaved, side == .b,
                linear == .query || linear == .key
            else { return row }
            let headWidth = architecture.headWidth
            let (head, element) = row.quotientAndRemainder(dividingBy: headWidth)
            return head * headWidth + element % 2 * (headWidth / 2) + element / 2
        }
    }

    /// All matrices of an adapter, in the order of their places.
    static func matrices(_ layout: AdapterLayout) -> [Matrix] {
        var matrices: [Matrix] = []
        for layer in 0..<layout.layers {
            for linear in layout.targets {
                guard let a = layout.a(linear, layer: layer), let b = layout.b(linear, layer: layer)
                else { continue }
                matrices.append(
                    Matrix(
                        linear: linear, layer: layer, side: .a, range: a, rows: layout.rank,
                        columns: layout.columns(linear)))
                matrices.append(
                    Matrix(
                        linear: linear, layer: layer, side: .b, range: b,
                        rows: layout.rows(linear), columns: layout.rank))
            }
        }
        return matrices
    }

    /// Parameters, or their gradients, as PEFT names, shapes and orders them.
    package static func tensors(
        _ values: UnsafePointer<Float>, _ layout: AdapterLayout, _ architecture: Architecture
    ) -> [SafetensorsWriter.Tensor] {
        matrices(layout).map { matrix in
            var output = [Float](repeating: 0, count: matrix.range.count)
            for row in 0..<matrix.rows {
                let source = values + matrix.range.lowerBound + row * matrix.columns
                let target = matrix.peftRow(row, architecture) * matrix.columns
                for column in 0..<matrix.columns { output[target + column] = source[column] }
            }
            return SafetensorsWriter.Tensor(
                name: matrix.name, shape: [matrix.rows, matrix.columns], values: output)
        }
    }
}
