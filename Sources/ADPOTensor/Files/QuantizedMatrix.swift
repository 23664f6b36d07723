import ADPOBase

/// A matrix of codes, with scales that blocks of it share: w = scale * value[code] + minimum.
struct QuantizedMatrix {
    let name: String
    let rows: Int
    let columns: Int
    /// 2, 4 or 8; the first code of a byte in its lowest bits.
    let bits: Int
    /// What each code stands for, 2^bits numbers.
    let values: [Float]
    /// The codes, row by row, each row whole bytes.
    let codes: OtherTensor
    let rowBytes: Int
    let scales: ScaleGrid
    let minima: ScaleGrid?

    /// - Throws: `.format` when the codes are not as many as the shape says.
    init(
        name: String, rows: Int, columns: Int, bits: Int, values: [Float], codes: OtherTensor,
        scales: ScaleGrid, minima: ScaleGrid? = nil
    ) throws(ADPOError) {
        let rowBytes = codes.bytes.count / max(rows, 1)
        guard rows > 0, columns > 0, values.count == 1 << bits,
            codes.bytes.count % rows == 0, columns <= rowBytes * (8 / bits)
        else {
            throw ADPOError(
                .format,
                """
                \(codes.file.path): tensor "\(codes.name)" has \(codes.bytes.count) bytes, which are \
                no \(rows) x \(columns) numbers of \(bits) bits
                """)
        }
        self.name = name
        self.rows = rows
        self.columns = columns
        self.bits = bits
        self.values = values
        self.codes = codes
        self.rowBytes = rowBytes
        self.scales = scales
        self.minima = minima
    }

    /// The matrix in memory, as the type of its scales, or BF16 where that is F32.
    ///
    /// - Throws: `.outOfMemory`.
    func decoded() throws(ADPOError) -> TensorView {
        let encoding: Encoding = scales.encoding == .f16 ? .f16 : .bf16
        guard let encode = encoding.encode,
            let byteCount = encoding.byteCount(shape: [rows, columns])
        else { throw ADPOError(.internal, "tensor \"\(name)\" cannot be \(encoding.name)") }
        let memory = try MappedFile(path: codes.file.path, byteCount: byteCount) { bytes in
            guard let output = bytes.baseAddress else { return }
            Parallel.forEach(rows) { row in
                for start in stride(from: 0, to: columns, by: Self.columnsAtATime) {
                    let range = start..<min(columns, start + Self.columnsAtATime)
                    let place = output + (row * columns + start) * encoding.blockBytes
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) {
                        decode(row: row, columns: range, into: $0)
                        encode($0.baseAddress, place, range.count)
                    }
                }
            }
        }
        return TensorView(
            name: name, encoding: encoding, shape: [rows, columns], bytes: memory.bytes,
            file: memory)
    }

    /// As many floats are on the stack.
    private static let columnsAtATime = 256

    private func decode(
        row: Int, columns: Range<Int>, into output: UnsafeMutableBufferPointer<Float>
    ) {
        // Codes in a byte, as a shift: 0, 1 or 2.
        let shift = (8 / bits).trailingZeroBitCount, mask = 1 << bits - 1
        let bytes = UnsafeRawBufferPointer(
            rebasing: codes.bytes[row * rowBytes..<(row + 1) * rowBytes])
        var start = columns.lowerBound
        while start < columns.upperBound {
            let blockEnd = (start / scales.blockColumns + 1) * scales.blockColumns
            let end = min(columns.upperBound, blockEnd)
            // Adding -0 leaves -0 as it is.
            let scale = scales[row, start], minimum = minima?[row, start] ?? -0.0
            // `init` has seen that there are values for all codes, and bytes for all columns.
            values.withUnsafeBufferPointer { values in
                for column in start..<end {
                    let place = (column & (1 << shift - 1)) * bits
                    let code = Int(bytes[column >> shift]) >> place & mask
                    output[column - columns.lowerBound] = scale * values[code] + minimum
                }
            }
            start = end
        }
    }
}

/// Numbers of which each is for a block of a matrix.
struct ScaleGrid {
    let encoding: Encoding
    let blockRows: Int
    let blockColumns: Int
    private let columns: Int
    private let numbers: [Float]

    /// - Parameter block: Its size, where the tensor's shape leaves it open.
    /// - Throws: `.format` for a tensor that is no grid on the matrix.
    init(
        _ view: TensorView, rows: Int, columns: Int, block: (rows: Int, columns: Int)?
    ) throws(ADPOError) {
        // One number; one a row; or a grid.
        let shape = view.shape + [1, 1].dropFirst(min(view.shape.count, 2))
        guard shape.count == 2,
            let blockRows = Self.size(shape[0], of: rows, block?.rows),
            let blockColumns = Self.size(shape[1], of: columns, block?.columns)
        else {
            throw ADPOError(
                .format,
                """
                \(view.file.path): tensor "\(view.name)" of shape \(view.shape) has no scales for the \
                blocks of a matrix of shape \([rows, columns])
                """)
        }
        encoding = view.encoding
        self.blockRows = blockRows
        self.blockColumns = blockColumns
        self.columns = shape[1]
        numbers = [Float](unsafeUninitializedCapacity: view.elementCount) { buffer, count in
            view.encoding.decode(view.bytes.baseAddress, buffer.baseAddress, view.elementCount)
            count = view.elementCount
        }
    }

    /// The size of `count` blocks of `total` rows or columns.
    private static func size(_ count: Int, of total: Int, _ size: Int?) -> Int? {
        if count == 1 { return total }
        if count == total { return 1 }
        guard let size = size ?? (count > 0 && total % count == 0 ? total / count : nil),
            size > 0, size < total, (total - 1) / size + 1 == count
        else { return nil }
        return size
    }

    subscript(row: Int, column: Int) -> Float {
        numbers[row / blockRows * columns + column / blockColumns]
    }
}
