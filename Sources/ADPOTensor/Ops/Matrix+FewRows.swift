extension Matrix {
    /// Up to here, reading the encoded weights once for each row of x beats decoding them.
    package static let fewRows = 4
    /// A few microseconds of work, so that a thread that is held up leaves the rest to the others.
    private static let rowsAtATime = 64

    /// y = x W^T + beta y, for x [count, columns] and y [count, rows].
    func multiplyFewRows(
        _ x: UnsafePointer<Float>, count: Int, beta: Float, into y: UnsafeMutablePointer<Float>
    ) {
        let (dot, rows, columns) = (encoding.dot, rows, columns)
        Parallel.forEach((rows + Self.rowsAtATime - 1) / Self.rowsAtATime) { part in
            let first = part * Self.rowsAtATime
            for row in first..<min(rows, first + Self.rowsAtATime) {
                let weights = bytes(row: row)
                for i in 0..<count {
                    let product = dot(weights, x + i * columns, columns)
                    let output = y + i * rows + row
                    output.pointee = beta == 0 ? product : product + beta * output.pointee
                }
            }
        }
    }
}
