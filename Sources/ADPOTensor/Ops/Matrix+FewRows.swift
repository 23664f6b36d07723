extension Matrix {
    /// Up to here, reading the encoded weights once for each row of x beats decoding them.
    static let fewRows = 4

    /// y = x W^T + beta y, for x [count, columns] and y [count, rows].
    func multiplyFewRows(
        _ x: UnsafePointer<Float>, count: Int, beta: Float, into y: UnsafeMutablePointer<Float>
    ) {
        Parallel.forEachRange(rows, alignment: 16) { range in
            for row in range {
                let weights = bytes(row: row)
                for i in 0..<count {
                    let dot = encoding.dot(weights, x + i * columns, columns)
                    let output = y + i * rows + row
                    output.pointee = beta == 0 ? dot : dot + beta * output.pointee
                }
            }
        }
    }
}
