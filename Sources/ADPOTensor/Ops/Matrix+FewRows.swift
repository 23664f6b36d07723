import CKernels

extension Matrix {
    /// Up to here, reading the encoded weights once for each row of x beats decoding them.
    package static let fewRows = 4
    /// Each thread reads on where it was, which processors foresee; only very many rows are cut
    /// further, so that a thread that is held up leaves some to the others.
    private static let mostRowsAtATime = 1024

    /// y = x W^T + beta y, for x [count, columns] and y [count, rows].
    func multiplyFewRows(
        _ x: UnsafePointer<Float>, count: Int, beta: Float, into y: UnsafeMutablePointer<Float>,
        scratch: ProductScratch
    ) {
        guard !isTransposed else {
            return multiplyFewRowsTransposed(
                x, count: count, beta: beta, into: y, scratch: scratch)
        }
        let scratch = scratch.lane(0)
        withUnsafeTemporaryAllocation(of: adpo_vector.self, capacity: count) { vectors in
            for i in 0..<count {
                vectors.initializeElement(at: i, to: vector(x, row: i, scratch: scratch))
            }
            let threads = Parallel.threadCount
            let size = min(Self.mostRowsAtATime, (rows + threads - 1) / threads)
            Parallel.forEach((rows + size - 1) / size) { part in
                let first = part * size
                let weights = adpo_encoded_rows(
                    blocks: bytes(row: first), row_bytes: rowBytes, rows: min(size, rows - first),
                    columns: columns)
                encoding.dot(weights, vectors.baseAddress, count, beta, y + first, rows)
            }
        }
    }

    /// The same where the file has [in, out]: threads take bands of columns.
    private func multiplyFewRowsTransposed(
        _ x: UnsafePointer<Float>, count: Int, beta: Float, into y: UnsafeMutablePointer<Float>,
        scratch: ProductScratch
    ) {
        // What is decoded of a row must fit the scratch.
        let least = rows / ProductScratch.floatsPerLane + 1
        let bands = Bands(rows, alignment: 64, lanes: scratch.lanes, perLane: max(4, 2 * least))
        Parallel.forEach(bands.count, lanes: scratch.lanes) { index, lane in
            let band = bands[index]
            adpo_product_few_rows_transposed(
                count, x, weights, columns, band.lowerBound, band.upperBound, beta, y, rows,
                scratch.lane(lane))
        }
    }

    /// A row of x, with integers if dot products take them and there is room.
    private func vector(
        _ x: UnsafePointer<Float>, row: Int, scratch: UnsafeMutablePointer<Float>
    ) -> adpo_vector {
        let x = x + row * columns
        let bytes = adpo_vector_scratch(columns)
        guard encoding.blockElements > 1,
            (row + 1) * bytes <= ProductScratch.floatsPerLane * MemoryLayout<Float>.size
        else { return adpo_vector(floats: x, integers: nil, sums: nil, scale: 0) }
        return adpo_make_vector(x, columns, UnsafeMutableRawPointer(scratch) + row * bytes)
    }
}
