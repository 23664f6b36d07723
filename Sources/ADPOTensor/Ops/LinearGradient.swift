import CKernels

/// The gradient of a linear layer's weight: dw += alpha dy^T x, for dw [rows, columns], dy [count,
/// rows] and x [count, columns].
///
/// A block of dy's columns at a time is transposed into cache, so that the product reads it in order.
package func addWeightGradient(
    x: UnsafePointer<Float>, dy: UnsafePointer<Float>, alpha: Float = 1, count: Int, rows: Int,
    columns: Int, into dw: UnsafeMutablePointer<Float>, scratch: ProductScratch
) {
    let (blockRows, blockCount) = (120, 512)
    Parallel.forEach((rows + blockRows - 1) / blockRows, lanes: scratch.lanes) { index, lane in
        let row = index * blockRows
        let height = min(blockRows, rows - row)
        // The product itself packs into the part of the scratch before this.
        let transposed = scratch.lane(lane) + Int(ADPO_PANEL_COLUMNS * ADPO_PANEL_DEPTH)
        for first in stride(from: 0, to: count, by: blockCount) {
            let depth = min(blockCount, count - first)
            adpo_transpose(dy + first * rows + row, rows, depth, height, transposed, depth)
            productOnOneThread(
                m: height, n: columns, k: depth, alpha: alpha, Operand(transposed, stride: depth),
                Operand(x + first * columns, stride: columns), beta: 1,
                into: dw + row * columns, stride: columns, scratch: scratch.lane(lane))
        }
    }
}

/// The gradient of a linear layer's bias: db += the sum of dy's rows, [count, width].
package func addBiasGradient(
    dy: UnsafePointer<Float>, count: Int, width: Int, into db: UnsafeMutablePointer<Float>
) {
    Parallel.forEachRange(width, alignment: 16) { range in
        for row in 0..<count {
            let offset = row * width + range.lowerBound
            adpo_add_scaled(db + range.lowerBound, dy + offset, 1, range.count)
        }
    }
}
