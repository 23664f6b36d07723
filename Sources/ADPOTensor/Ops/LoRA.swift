import CKernels

/// The low-rank update of a linear layer (arXiv 2106.09685): y += scale B A x.
///
/// A is [rank, columns], B is [rows, rank]; x is [count, columns], y is [count, rows].
package struct LoRA {
    let a: UnsafePointer<Float>
    let b: UnsafePointer<Float>
    let rank: Int
    let rows: Int
    let columns: Int
    let scale: Float

    package init(
        a: UnsafePointer<Float>, b: UnsafePointer<Float>, rank: Int, rows: Int, columns: Int,
        scale: Float
    ) {
        self.a = a
        self.b = b
        self.rank = rank
        self.rows = rows
        self.columns = columns
        self.scale = scale
    }

    /// weights += scale B[row] A, for one row of the layer's weight, [columns].
    package func merge(row: Int, into weights: UnsafeMutablePointer<Float>) {
        for index in 0..<rank {
            adpo_add_scaled(weights, a + index * columns, scale * b[row * rank + index], columns)
        }
    }

    /// `hidden` receives A x, [count, rank], which the backward pass wants.
    package func forward(
        _ x: UnsafePointer<Float>, count: Int, hidden: UnsafeMutablePointer<Float>,
        into y: UnsafeMutablePointer<Float>, scratch: ProductScratch
    ) {
        let x = Operand(x, stride: columns)
        let a = Operand(a, stride: columns, transposed: true)
        let b = Operand(b, stride: rank, transposed: true)
        let h = Operand(hidden, stride: rank)
        if count == 1 {
            // Not enough work for more than one thread.
            let scratch = scratch.lane(0)
            productOnOneThread(
                m: count, n: rank, k: columns, x, a, into: hidden, stride: rank, scratch: scratch)
            productOnOneThread(
                m: count, n: rows, k: rank, alpha: scale, h, b, beta: 1, into: y, stride: rows,
                scratch: scratch)
            return
        }
        product(m: count, n: rank, k: columns, x, a, into: hidden, stride: rank, scratch: scratch)
        product(
            m: count, n: rows, k: rank, alpha: scale, h, b, beta: 1, into: y, stride: rows,
            scratch: scratch)
    }

    /// Adds to the gradients da and db, and to dx where it is wanted. `dhidden` is scratch,
    /// [count, rank].
    package func backward(
        _ x: UnsafePointer<Float>, hidden: UnsafePointer<Float>, dy: UnsafePointer<Float>,
        count: Int, dhidden: UnsafeMutablePointer<Float>, da: UnsafeMutablePointer<Float>,
        db: UnsafeMutablePointer<Float>, dx: UnsafeMutablePointer<Float>?, scratch: ProductScratch
    ) {
        product(
            m: rows, n: rank, k: count, alpha: scale, Operand(dy, stride: rows, transposed: true),
            Operand(hidden, stride: rank), beta: 1, into: db, stride: rank, scratch: scratch)
        product(
            m: count, n: rank, k: rows, alpha: scale, Operand(dy, stride: rows),
            Operand(b, stride: rank), into: dhidden, stride: rank, scratch: scratch)
        product(
            m: rank, n: columns, k: count, Operand(dhidden, stride: rank, transposed: true),
            Operand(x, stride: columns), beta: 1, into: da, stride: columns, scratch: scratch)
        guard let dx else { return }
        product(
            m: count, n: columns, k: rank, Operand(dhidden, stride: rank),
            Operand(a, stride: columns), beta: 1, into: dx, stride: columns, scratch: scratch)
    }
}
