import COpenBLAS

/// A row-major matrix of floats in memory, as BLAS sees it: rows lie `stride` floats apart.
package struct Operand {
    let pointer: UnsafePointer<Float>
    let stride: Int
    let isTransposed: Bool

    package init(_ pointer: UnsafePointer<Float>, stride: Int, transposed: Bool = false) {
        self.pointer = pointer
        self.stride = stride
        isTransposed = transposed
    }

    /// The part of op(self) that begins at a row.
    func from(row: Int) -> UnsafePointer<Float> { pointer + (isTransposed ? row : row * stride) }
    /// The part of op(self) that begins at a column.
    func from(column: Int) -> UnsafePointer<Float> {
        pointer + (isTransposed ? column * stride : column)
    }
}

/// c = alpha op(a) op(b) + beta c, with c [m, n], op(a) [m, k], op(b) [k, n], on one thread.
///
/// BLAS counts in 32 bits; the library caps the sizes of models and sequences below that.
@inline(__always)
package func productOnOneThread(
    m: Int, n: Int, k: Int, alpha: Float = 1, _ a: Operand, _ b: Operand, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, stride: Int
) {
    cblas_sgemm(
        CblasRowMajor, a.isTransposed ? CblasTrans : CblasNoTrans,
        b.isTransposed ? CblasTrans : CblasNoTrans, Int32(truncatingIfNeeded: m),
        Int32(truncatingIfNeeded: n), Int32(truncatingIfNeeded: k), alpha, a.pointer,
        Int32(truncatingIfNeeded: a.stride), b.pointer, Int32(truncatingIfNeeded: b.stride), beta,
        c, Int32(truncatingIfNeeded: stride))
}

/// The same on all threads: each computes a band of c along its longer side.
package func product(
    m: Int, n: Int, k: Int, alpha: Float = 1, _ a: Operand, _ b: Operand, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, stride: Int
) {
    nonisolated(unsafe) let (a, b, c) = (a, b, c)
    if n >= m {
        Parallel.forEachRange(n, alignment: 16) { columns in
            let part = Operand(
                b.from(column: columns.lowerBound), stride: b.stride, transposed: b.isTransposed)
            productOnOneThread(
                m: m, n: columns.count, k: k, alpha: alpha, a, part, beta: beta,
                into: c + columns.lowerBound, stride: stride)
        }
    } else {
        Parallel.forEachRange(m, alignment: 16) { rows in
            let part = Operand(
                a.from(row: rows.lowerBound), stride: a.stride, transposed: a.isTransposed)
            productOnOneThread(
                m: rows.count, n: n, k: k, alpha: alpha, part, b, beta: beta,
                into: c + rows.lowerBound * stride, stride: stride)
        }
    }
}
