import CKernels

/// The weights of a linear layer, [rows, columns] = [out, in], where and as the file stores them.
///
/// The seam for products with weights: they are decoded a panel at a time, in cache, next to where
/// the panel is used. With a few hundred rows on the other side that costs next to nothing, and no
/// second copy of the weights exists. Products with few rows read the encoded weights directly.
package struct Matrix: Sendable {
    package let rows: Int
    package let columns: Int
    package let encoding: Encoding
    /// As the file stores them; valid while the matrix lives.
    package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    package let rowBytes: Int
    /// Keeps the bytes in their place: the mapped file, or memory.
    private let owner: any AnyObject & Sendable

    package init(_ view: TensorView) throws(ADPOError) {
        guard view.shape.count == 2, view.shape[0] > 0, view.shape[1] > 0,
            let rowBytes = view.encoding.byteCount(shape: [view.shape[1]])
        else {
            throw ADPOError(
                .format,
                "\(view.file.path): tensor \(view.name) is no \(view.encoding.name) matrix: "
                    + "its shape is \(view.shape)")
        }
        rows = view.shape[0]
        columns = view.shape[1]
        encoding = view.encoding
        bytes = view.bytes
        self.rowBytes = rowBytes
        owner = view.file
    }

    /// A matrix of floats in memory, from an offset on.
    package init(_ floats: SharedFloats, offset: Int, rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        encoding = .f32
        bytes = UnsafeRawBufferPointer(
            start: floats.pointer + offset, count: rows * columns * MemoryLayout<Float>.stride)
        rowBytes = columns * MemoryLayout<Float>.stride
        owner = floats
    }

    /// Some of the rows, where they lie.
    package func rows(_ range: Range<Int>) -> Matrix {
        Matrix(
            rows: range.count, columns: columns, encoding: encoding,
            bytes: UnsafeRawBufferPointer(
                rebasing: bytes[range.lowerBound * rowBytes..<range.upperBound * rowBytes]),
            rowBytes: rowBytes, owner: owner)
    }

    private init(
        rows: Int, columns: Int, encoding: Encoding, bytes: UnsafeRawBufferPointer, rowBytes: Int,
        owner: any AnyObject & Sendable
    ) {
        self.rows = rows
        self.columns = columns
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
            multiplyFewRows(
                x.floats, count: x.count, beta: beta, into: y, scratch: scratch.lane(0))
            update?.add(count: x.count, rows: rows, into: y, scratch: scratch.lane(0))
            return
        }
        let bands = Bands(rows, alignment: Int(ADPO_PANEL_COLUMNS), lanes: scratch.lanes)
        Parallel.forEach(bands.count, lanes: scratch.lanes) { index, lane in
            let band = bands[index]
            adpo_product_weights(
                x.count, x.view(), weights, band.lowerBound, band.upperBound, 1, beta,
                update.view, y, rows, scratch.lane(lane))
        }
    }

    /// dx = alpha dy W + beta dx + update, for dy [count, rows] and dx [count, columns].
    package func multiplyTransposed(
        _ dy: Rows, alpha: Float = 1, beta: Float = 0, adding update: LowRankProduct? = nil,
        into dx: UnsafeMutablePointer<Float>, scratch: ProductScratch
    ) {
        // Blocks lie along the columns: a band takes whole ones. What does not go into equal parts of
        // wide bands is cut into narrow ones, so that no lane waits for long.
        let block = encoding.blockElements
        let (wide, narrow) = (max(64, block), max(32, block))
        let wideCount = columns / wide / scratch.lanes * scratch.lanes
        let rest = wideCount * wide
        let count = wideCount + (columns - rest + narrow - 1) / narrow
        Parallel.forEach(count, lanes: scratch.lanes) { index, lane in
            let isWide = index < wideCount
            let first = isWide ? index * wide : rest + (index - wideCount) * narrow
            adpo_product_weights_transposed(
                dy.count, dy.view(), weights, rows, first,
                min(columns, first + (isWide ? wide : narrow)), alpha, beta, update.view, dx,
                columns, scratch.lane(lane))
        }
    }

    /// Writes one row, [columns].
    package func decode(row: Int, into output: UnsafeMutablePointer<Float>) {
        encoding.decode(bytes(row: row), output, columns)
    }

    /// Where a row's blocks begin; they are `rowBytes` bytes.
    package func bytes(row: Int) -> UnsafeRawPointer? {
        bytes.baseAddress.map { $0 + row * rowBytes }
    }

    private var weights: adpo_weights {
        adpo_weights(
            blocks: bytes.baseAddress, decode: encoding.decode, columns: columns,
            block_elements: encoding.blockElements, block_bytes: encoding.blockBytes)
    }
}
