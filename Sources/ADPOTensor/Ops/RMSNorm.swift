import CKernels

/// RMSNorm (arXiv 1910.07467): y = x / sqrt(mean(x^2) + epsilon) * weight, a row at a time.
package struct RMSNorm: Sendable {
    package let weight: Vector
    package let epsilon: Float

    package init(weight: Vector, epsilon: Float) {
        self.weight = weight
        self.epsilon = epsilon
    }

    /// x and y are [rows, width].
    package func forward(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>
    ) {
        let width = weight.count
        nonisolated(unsafe) let (x, y) = (x, y)
        Parallel.forEachRange(rows) { range in
            let offset = range.lowerBound * width
            adpo_rms_norm(x + offset, weight.pointer, y + offset, range.count, width, epsilon)
        }
    }

    /// dx += the derivative by x, given dy; all are [rows, width]. So dweight, [width], where the
    /// weight is trained.
    package func backward(
        _ x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
        into dx: UnsafeMutablePointer<Float>, dweight: UnsafeMutablePointer<Float>? = nil
    ) {
        let width = weight.count
        if let dweight { adpo_rms_norm_weight_backward(x, dy, dweight, rows, width, epsilon) }
        Parallel.forEachRange(rows) { range in
            let offset = range.lowerBound * width
            adpo_rms_norm_backward(
                x + offset, weight.pointer, dy + offset, dx + offset, range.count, width, epsilon)
        }
    }
}
