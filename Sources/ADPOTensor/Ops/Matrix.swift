/// The weights of a linear layer, [rows, columns] = [out, in], where and as the file stores them.
///
/// The seam for products with weights: float weights go to BLAS as they are; encoded ones are
/// decoded panel by panel into a cache-sized scratch that the caller owns. Products with few rows
/// read the encoded weights directly.
package struct Matrix: Sendable {
    package let rows: Int
    package let columns: Int
    package let encoding: Encoding
    private let view: TensorView
    private let rowBytes: Int

    /// The scratch that a product with any of these matrices wants, in floats.
    package static func panelCapacity(widestRow: Int) -> Int { max(1 << 19, widestRow) }

    package init(_ view: TensorView) throws(ADPOError) {
        guard view.shape.count == 2, let rowBytes = view.encoding.byteCount(shape: [view.shape[1]]),
            view.shape[0] > 0, view.shape[1] > 0, view.shape[0] <= Int(Int32.max),
            view.shape[1] <= Int(Int32.max)
        else {
            throw ADPOError(
                .format,
                "\(view.file.path): tensor \(view.name) is no \(view.encoding.name) matrix: "
                    + "its shape is \(view.shape)")
        }
        rows = view.shape[0]
        columns = view.shape[1]
        encoding = view.encoding
        self.view = view
        self.rowBytes = rowBytes
    }

    /// y = x W^T + beta y, for x [count, columns] and y [count, rows].
    package func multiply(
        _ x: UnsafePointer<Float>, count: Int, beta: Float = 0, into y: UnsafeMutablePointer<Float>,
        panel: UnsafeMutablePointer<Float>
    ) {
        if count <= Self.fewRows { return multiplyFewRows(x, count: count, beta: beta, into: y) }
        forEachPanel(panel) { first, rowCount, weights in
            product(
                m: count, n: rowCount, k: columns, Operand(x, stride: columns),
                Operand(weights, stride: columns, transposed: true), beta: beta,
                into: y + first, stride: rows)
        }
    }

    /// dx = alpha dy W + beta dx, for dy [count, rows] and dx [count, columns].
    package func multiplyTransposed(
        _ dy: UnsafePointer<Float>, count: Int, alpha: Float = 1, beta: Float = 0,
        into dx: UnsafeMutablePointer<Float>, panel: UnsafeMutablePointer<Float>
    ) {
        forEachPanel(panel) { first, rowCount, weights in
            product(
                m: count, n: columns, k: rowCount, alpha: alpha, Operand(dy + first, stride: rows),
                Operand(weights, stride: columns), beta: first == 0 ? beta : 1, into: dx,
                stride: columns)
        }
    }

    /// Writes one row, [columns].
    package func decode(row: Int, into output: UnsafeMutablePointer<Float>) {
        encoding.decode(bytes(row: row), output, columns)
    }

    /// Where a row's blocks begin.
    func bytes(row: Int) -> UnsafeRawPointer? { view.bytes.baseAddress.map { $0 + row * rowBytes } }

    /// The weights as floats, where the file has them so and where they can be read in place.
    private var floats: UnsafePointer<Float>? {
        guard encoding.ggmlType == Encoding.f32.ggmlType, let base = view.bytes.baseAddress,
            Int(bitPattern: base) % MemoryLayout<Float>.alignment == 0
        else { return nil }
        return base.assumingMemoryBound(to: Float.self)
    }

    /// Calls `body(first row, number of rows, their weights)`.
    private func forEachPanel(
        _ panel: UnsafeMutablePointer<Float>, _ body: (Int, Int, UnsafePointer<Float>) -> Void
    ) {
        if let floats { return body(0, rows, floats) }
        nonisolated(unsafe) let panel = panel
        let panelRows = max(1, Self.panelCapacity(widestRow: columns) / columns)
        for first in stride(from: 0, to: rows, by: panelRows) {
            let count = min(panelRows, rows - first)
            Parallel.forEachRange(count) { range in
                for row in range { decode(row: first + row, into: panel + row * columns) }
            }
            body(first, count, panel)
        }
    }
}
