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

    /// `hidden` receives A x, [count, rank], which the backward pass wants.
    package func forward(
        _ x: UnsafePointer<Float>, count: Int, hidden: UnsafeMutablePointer<Float>,
        into y: UnsafeMutablePointer<Float>
    ) {
        let x = Operand(x, stride: columns)
        let a = Operand(a, stride: columns, transposed: true)
        let b = Operand(b, stride: rank, transposed: true)
        let h = Operand(hidden, stride: rank)
        if count == 1 {
            // Not enough work for more than one thread.
            productOfFewRows(m: count, n: rank, k: columns, x, a, into: hidden, stride: rank)
            productOfFewRows(
                m: count, n: rows, k: rank, alpha: scale, h, b, beta: 1, into: y, stride: rows)
            return
        }
        product(m: count, n: rank, k: columns, x, a, into: hidden, stride: rank)
        product(m: count, n: rows, k: rank, alpha: scale, h, b, beta: 1, into: y, stride: rows)
    }

    /// Adds to the gradients da and db, and to dx where it is wanted. `dhidden` is scratch,
    /// [count, rank].
    package func backward(
        _ x: UnsafePointer<Float>, hidden: UnsafePointer<Float>, dy: UnsafePointer<Float>,
        count: Int, dhidden: UnsafeMutablePointer<Float>, da: UnsafeMutablePointer<Float>,
        db: UnsafeMutablePointer<Float>, dx: UnsafeMutablePointer<Float>?
    ) {
        product(
            m: rows, n: rank, k: count, alpha: scale, Operand(dy, stride: rows, transposed: true),
            Operand(hidden, stride: rank), beta: 1, into: db, stride: rank)
        product(
            m: count, n: rank, k: rows, alpha: scale, Operand(dy, stride: rows),
            Operand(b, stride: rank), into: dhidden, stride: rank)
        product(
            m: rank, n: columns, k: count, Operand(dhidden, stride: rank, transposed: true),
            Operand(x, stride: columns), beta: 1, into: da, stride: columns)
        guard let dx else { return }
        product(
            m: count, n: columns, k: rank, Operand(dhidden, stride: rank),
            Operand(a, stride: columns), beta: 1, into: dx, stride: columns)
    }
}
