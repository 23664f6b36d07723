import ADPOTensor
import CKernels

/// Where a backward pass adds gradients to.
package enum Gradients {
    /// Those of an adapter's matrices, laid out like them.
    case adapter(UnsafeMutablePointer<Float>)
    /// Those of all weights.
    case weights(WeightGradients)

    var weights: WeightGradients? {
        if case .weights(let gradients) = self { gradients } else { nil }
    }
}

/// The gradients of all weights, in one vector in the order of the parameter list.
package struct WeightGradients {
    let list: ParameterList
    let values: UnsafeMutablePointer<Float>

    package init(list: ParameterList, values: UnsafeMutablePointer<Float>) {
        self.list = list
        self.values = values
    }

    subscript(id: MatrixID) -> UnsafeMutablePointer<Float> { values + list.offset(id) }
    subscript(id: VectorID) -> UnsafeMutablePointer<Float> { values + list.offset(id) }

    /// Adds those of a linear layer, given its input and the derivative by its output.
    func add(
        _ layer: LinearLayer, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, count: Int,
        scratch: ProductScratch
    ) {
        addWeightGradient(
            x: x, dy: dy, count: count, rows: layer.rows, columns: layer.columns,
            into: self[layer.weight], scratch: scratch)
        if let bias = layer.bias {
            addBiasGradient(dy: dy, count: count, width: layer.rows, into: self[bias])
        }
    }

    /// Adds those of an embedding, given the derivative by the rows that it gave, [ids, width].
    func add(
        embedding: MatrixID, ids: [Int32], dy: UnsafePointer<Float>, scale: Float, width: Int
    ) {
        let gradients = self[embedding]
        for (row, id) in ids.enumerated() {
            adpo_add_scaled(gradients + Int(id) * width, dy + row * width, scale, width)
        }
    }
}
