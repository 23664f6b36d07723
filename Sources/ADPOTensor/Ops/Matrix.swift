import ADPOBase
import CKernels

/// The weights of a linear layer, [rows, columns] = [out, in], where and as the file stores them.
///
/// The seam for products with weights: they are decoded a panel at a time, in cache, next to where
/// the panel is used. With a few hundred rows on the other side that costs next to nothing, and no
/// second copy of the weights exists. Products with few rows read the encoded weights directly.
package struct Matrix: Sendable {
    package let rows: Int
    package let columns: Int
    /// The file has [in, out]: our rows are its columns.
    package let isTransposed: Bool
    package let encoding: Encoding
    /// As the file stores them; valid while the matrix lives.
    package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    /// The bytes of a row as the file has it.
    package let rowBytes: Int
    /// Keeps the bytes in their place: the mapped file, or memory.
    private let owner: any AnyObject & Sendable

    package init(_ view: TensorView) throws(ADPOError) {
        try self.init(view, shape: view.shape)
    }

    /// One of several matrices of a tensor, whose elements follow one another.
    ///
    /// - Parameters:
    ///   - shape: The matrix's as the file has it, [in, out] when it is transposed.
    ///   - part: Which of the matrices it is.
    ///   - isTransposed: The tensor is [in, out]; only for encodings without blocks.
    package init(
        _ view: TensorView, shape: [Int], part: Int = 0, isTransposed: Bool = false
    ) throws(ADPOError) {
        guard shape.count == 2, shape[0] > 0, shape[1] > 0, view.shape.last == shape[1],
            part >= 0, part < view.elementCount / (shape[0] * shape[1]),
            let rowBytes = view.encoding.byteCount(shape: [shape[1]])
        else {
            throw ADPOError(
                .format,
                "\(view.file.path): tensor \(view.name) is no \(view.encoding.name) matrix: "
                    + "its shape is \(view.shape)")
        }
        guard !isTransposed || view.encoding.blockElements == 1 else {
            throw ADPOError(
                .unsupported,
                "\(view.file.path): tensor \(view.name) is a transposed matrix in "
                    + "\(view.encoding.name); only F32, F16 and BF16 are supported")
        }
        let start = part * shape[0] * rowBytes
        self.init(
            rows: isTransposed ? shape[1] : shape[0], columns: isTransposed ? shape[0] : shape[1],
            isTransposed: isTransposed, encoding: view.encoding,
            bytes: UnsafeRawBufferPointer(
                rebasing: view.bytes[start..<start + shape[0] * rowBytes]), rowBytes: rowBytes,
            owner: view.file)
    }

    /// A matrix of floats in memory, from an offset on.
    package init(_ floats: SharedFloats, offset: Int, rows: Int, columns: Int) {
        self.init(
            rows: rows, columns: columns, isTransposed: false, encoding: .f32,
            bytes: UnsafeRawBufferPointer(
                start: floats.pointer + offset, count: rows * columns * MemoryLayout<Float>.stride),
            rowBytes: columns * MemoryLayout<Float>.stride, owner: floats)
    }

    /// Some of the rows, where they lie; of a matrix that is not transposed.
    package func rows(_ range: Range<Int>) -> Matrix {
        Matrix(
            rows: range.count, columns: columns, isTransposed: false, encoding: encoding,
            bytes: UnsafeRawBufferPointer(
                rebasing: bytes[range.lowerBound * rowBytes..<range.upperBound * rowBytes]),
            rowBytes: rowBytes, owner: owner)
    }

    private init(
        rows: Int, columns: Int, isTransposed: Bool, encoding: Encoding,
        bytes: UnsafeRawBufferPointer, rowBytes: Int, owner: any AnyObject & Sendable
    ) {
        self.rows = rows
        self.columns = columns
        self.isTransposed = isTransposed
        self.encoding = encoding
        self.bytes = bytes
        self.rowBytes = rowBytes
        self.owner = owner
    }

    /// The pairs of bf16 that `ProductScratch` must have room for, for products of `count` rows.
    package func pairs(count: Int) -> Int { count * ((max(rows, columns) + 1) / 2) }

    /// y = x W^T + beta y + update, for x [count, columns] and y [count, rows].
    package func multiply(
        _ x: Rows, beta: Float = 0, adding update: LowRankProduct? = nil,
        into y: UnsafeMutablePointer<Float>, scratch: ProductScratch
    ) {
        if x.count <= Self.fewRows {
            multiplyFewRows(x.floats, count: x.count, beta: beta, into: y, scratch: scratch)
            update?.add(count: x.count, width: rows, into: y, scratch: scratch.lane(0))
        } else if isTransposed {
            multiplyStored(x, alpha: 1, beta: beta, adding: update, into: y, scratch: scratch)
        } else {
            multiplyStoredTransposed(x, beta: beta, adding: update, into: y, scratch: scratch)
        }
    }

    /// dx = alpha dy W + beta dx + update, for dy [count, rows] and dx [count, columns].
    package func multiplyTransposed(
        _ dy: Rows, alpha: Float = 1, beta: Float = 0, adding update: LowRankProduct? = nil,
        into dx: UnsafeMutablePointer<Float>, scratch: ProductScratch
    ) {
        if isTransposed {
            multiplyStoredTransposed(
                dy, alpha: alpha, beta: beta, adding: update, into: dx, scratch: scratch)
        } else {
            multiplyStored(
                dy, alpha: alpha, beta: beta, adding: update, into: dx, scratch: scratch)
        }
    }

    private var storedRows: Int { isTransposed ? columns : rows }
    private var storedColumns: Int { isTransposed ? rows : columns }

    /// y = alpha x S^T + beta y + update, for the stored matrix S and y [count, stored rows].
    private func multiplyStoredTransposed(
        _ x: Rows, alpha: Float = 1, beta: Float, adding update: LowRankProduct?,
        into y: UnsafeMutablePointer<Float>, scratch: ProductScratch
    ) {
        let bands = Bands(storedRows, alignment: Int(ADPO_PANEL_COLUMNS), lanes: scratch.lanes)
        Parallel.forEach(bands.count, lanes: scratch.lanes) { index, lane in
            let band = bands[index]
            adpo_product_weights(
                x.count, x.view(), weights, band.lowerBound, band.upperBound, alpha, beta,
                update.view, y, storedRows, scratch.lane(lane))
        }
    }

    /// y = alpha x S + beta y + update, for the stored matrix S and y [count, stored columns].
    private func multiplyStored(
        _ x: Rows, alpha: Float, beta: Float, adding update: LowRankProduct?,
        into y: UnsafeMutablePointer<Float>, scratch: ProductScratch
    ) {
        // Blocks lie along the columns: a band takes whole ones. What does not go into equal parts of
        // wide bands is cut into narrow ones, so that no lane waits for long.
        let block = encoding.blockElements
        let (wide, narrow) = (max(64, block), max(32, block))
        let wideCount = storedColumns / wide / scratch.lanes * scratch.lanes
        let rest = wideCount * wide
        let count = wideCount + (storedColumns - rest + narrow - 1) / narrow
        Parallel.forEach(count, lanes: scratch.lanes) { index, lane in
            let isWide = index < wideCount
            let first = isWide ? index * wide : rest + (index - wideCount) * narrow
            adpo_product_weights_transposed(
                x.count, x.view(), weights, storedRows, first,
                min(storedColumns, first + (isWide ? wide : narrow)), alpha, beta, update.view, y,
                storedColumns, scratch.lane(lane))
        }
    }

    /// Writes one row, [columns].
    package func decode(row: Int, into output: UnsafeMutablePointer<Float>) {
        guard isTransposed else { return encoding.decode(bytes(row: row), output, columns) }
        for column in 0..<columns {
            let place = bytes(row: column).map { $0 + row * encoding.blockBytes }
            encoding.decode(place, output + column, 1)
        }
    }

    /// Where the blocks of a row as the file has it begin; they are `rowBytes` bytes.
    package func bytes(row: Int) -> UnsafeRawPointer? {
        bytes.baseAddress.map { $0 + row * rowBytes }
    }

    var weights: adpo_weights {
        adpo_weights(
            blocks: bytes.baseAddress, decode: encoding.decode, columns: storedColumns,
            block_elements: encoding.blockElements, block_bytes: encoding.blockBytes)
    }
}
