import ADPOTensor
import CKernels

/// Where a backward pass adds gradients to.
enum Gradients {
    /// Of an adapter's matrices, laid out like them.
    case adapter(UnsafeMutablePointer<Float>)
    /// Of all weights.
    case weights(WeightGradients)

    var weights: WeightGradients? {
        if case .weights(let gradients) = self { gradients } else { nil }
    }
}

/// The gradients of weights that lie in one vector: each in its weight's place in a vector alike. So
/// those of a tied head and its embedding add up.
struct WeightGradients {
    /// Where the vector of the weights begins.
    let weights: UnsafePointer<Float>
    let values: UnsafeMutablePointer<Float>

    func of(_ matrix: Matrix) -> UnsafeMutablePointer<Float> {
        place(matrix.bytes.baseAddress)
    }

    func of(_ vector: Vector) -> UnsafeMutablePointer<Float> {
        place(UnsafeRawPointer(vector.pointer))
    }

    private func place(_ pointer: UnsafeRawPointer?) -> UnsafeMutablePointer<Float> {
        let distance = Int(bitPattern: pointer) - Int(bitPattern: weights)
        return values + distance / MemoryLayout<Float>.stride
    }

    /// Adds those of a linear layer, given its input and the derivative by its output.
    func add(
        _ linear: Linear, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, count: Int,
        scratch: ProductScratch
    ) {
        addWeightGradient(
            x: x, dy: dy, count: count, rows: linear.weight.rows, columns: linear.weight.columns,
            into: of(linear.weight), scratch: scratch)
        if let bias = linear.bias {
            addBiasGradient(dy: dy, count: count, width: bias.count, into: of(bias))
        }
    }

    /// Adds those of the embedding, given the derivative by the hidden states that it gave.
    func add(embedding: Matrix, tokens: [Int32], dy: UnsafePointer<Float>) {
        let (gradients, width) = (of(embedding), embedding.columns)
        for (row, token) in tokens.enumerated() {
            adpo_add_scaled(gradients + Int(token) * width, dy + row * width, 1, width)
        }
    }
}
