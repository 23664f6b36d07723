extension Matrix {
    /// Up to here, reading the encoded weights once for each row of x beats decoding them.
    package static let fewRows = 4
    /// Each thread reads on where it was, which processors foresee; only very many rows are cut
    /// further, so that a thread that is held up leaves some to the others.
    private static let mostRowsAtATime = 1024

    /// y = x W^T + beta y, for x [count, columns] and y [count, rows].
    func multiplyFewRows(
        _ x: UnsafePointer<Float>, count: Int, beta: Float, into y: UnsafeMutablePointer<Float>
    ) {
        let (dot, rows, columns) = (encoding.dot, rows, columns)
        let threads = Parallel.threadCount
        let size = min(Self.mostRowsAtATime, (rows + threads - 1) / threads)
        Parallel.forEach((rows + size - 1) / size) { part in
            for row in part * size..<min(rows, (part + 1) * size) {
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
