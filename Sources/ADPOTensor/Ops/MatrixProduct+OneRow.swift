import COpenBLAS

/// c = alpha a op(b) + beta c on one thread, where a often has one row: BLAS packs nothing for the
/// product of a vector and a matrix.
@inline(__always)
func productOfFewRows(
    m: Int, n: Int, k: Int, alpha: Float = 1, _ a: Operand, _ b: Operand, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, stride: Int
) {
    guard m == 1, !a.isTransposed else {
        return productOnOneThread(
            m: m, n: n, k: k, alpha: alpha, a, b, beta: beta, into: c, stride: stride)
    }
    let (rows, columns) = b.isTransposed ? (n, k) : (k, n)
    cblas_sgemv(
        CblasRowMajor, b.isTransposed ? CblasNoTrans : CblasTrans, Int32(truncatingIfNeeded: rows),
        Int32(truncatingIfNeeded: columns), alpha, b.pointer, Int32(truncatingIfNeeded: b.stride),
        a.pointer, 1, beta, c, 1)
}
