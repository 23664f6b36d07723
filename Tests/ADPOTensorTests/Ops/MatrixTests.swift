import ADPOBase
import ADPOTensor
import CKernels
import FoundationEssentials
import TestSupport
import Testing

/// Products with weights in every encoding, against plain loops over the decoded weights.
struct MatrixTests {
    struct Stored: Sendable, CustomTestStringConvertible {
        let encoding: String
        /// The file has [in, out].
        let isTransposed: Bool
        var testDescription: String { encoding + (isTransposed ? " as [in, out]" : "") }
    }

    static let transposed = ["F32", "F16", "BF16"].map { Stored(encoding: $0, isTransposed: true) }
    static let stored =
        Encoding.all.map { Stored(encoding: $0.name, isTransposed: false) } + transposed

    @Test(arguments: stored)
    func multipliesLikePlainLoops(_ stored: Stored) throws {
        let rows = 70
        let products = try TestProducts()
        let matrix = try testMatrix(
            rows: rows, encoding: stored.encoding, isTransposed: stored.isTransposed)
        let columns = matrix.columns
        let weights = matrix.decodedRows().flatMap(\.self)
        let scale = max(1, weights.map(abs).max() ?? 1)
        for count in [1, 3, 80] {
            let x = testNumbers(count * columns, seed: 5)
            let start = testNumbers(count * rows, seed: 6)
            var y = start
            let scratch = products.scratch
            matrix.multiply(
                scratch.rows(x, count: count, width: columns), beta: 1, into: &y, scratch: scratch)
            var expected = start
            for i in 0..<count {
                for row in 0..<rows {
                    for column in 0..<columns {
                        expected[i * rows + row] +=
                            x[i * columns + column] * weights[row * columns + column]
                    }
                }
            }
            expectClose(y, expected, absolute: 1e-5 * scale, relative: 1e-5)

            var dx = [Float](repeating: .nan, count: count * columns)
            matrix.multiplyTransposed(
                scratch.rows(start, count: count, width: rows), alpha: -2, into: &dx,
                scratch: scratch)
            var dexpected = [Float](repeating: 0, count: count * columns)
            for i in 0..<count {
                for row in 0..<rows {
                    for column in 0..<columns {
                        dexpected[i * columns + column] -=
                            2 * start[i * rows + row] * weights[row * columns + column]
                    }
                }
            }
            expectClose(dx, dexpected, absolute: 1e-5 * scale, relative: 1e-5)
        }
    }

    /// In bf16 the operands are rounded, the products and sums are not: as plain loops over rounded
    /// numbers, in both directions, with odd sizes.
    @Test(
        .enabled(if: adpo_has_bf16_products() != 0, "the processor has no bf16 products"),
        arguments: stored, [(5, 71), (7, 71), (40, 71), (40, 96)])
    func multipliesInBF16(_ stored: Stored, _ shape: (count: Int, rows: Int)) throws {
        let (count, rows) = shape
        let matrix = try testMatrix(
            rows: rows, encoding: stored.encoding, isTransposed: stored.isTransposed)
        let columns = matrix.columns
        let products = try TestProducts(pairs: matrix.pairs(count: count))
        let weights = matrix.decodedRows().map { $0.map(rounded) }
        let scale = max(1, weights.flatMap(\.self).map(abs).max() ?? 1)

        let x = testNumbers(count * columns, seed: 7)
        var y = [Float](repeating: .nan, count: count * rows)
        let scratch = products.scratch
        matrix.multiply(
            scratch.rows(x, count: count, width: columns), into: &y, scratch: scratch)
        let dy = testNumbers(count * rows, seed: 8)
        var dx = [Float](repeating: .nan, count: count * columns)
        matrix.multiplyTransposed(
            scratch.rows(dy, count: count, width: rows), into: &dx, scratch: scratch)
        var (expected, dexpected) = (y, dx)
        for i in 0..<count {
            for row in 0..<rows {
                expected[i * rows + row] = Float(
                    (0..<columns).reduce(0.0) { sum, column in
                        sum + Double(rounded(x[i * columns + column]))
                            * Double(weights[row][column])
                    })
            }
            for column in 0..<columns {
                dexpected[i * columns + column] = Float(
                    (0..<rows).reduce(0.0) {
                        $0 + Double(rounded(dy[i * rows + $1])) * Double(weights[$1][column])
                    })
            }
        }
        expectClose(y, expected, absolute: 2e-5 * scale, relative: 1e-5)
        expectClose(dx, dexpected, absolute: 2e-5 * scale, relative: 1e-5)
    }

    /// To bfloat16, to nearest even.
    private func rounded(_ value: Float) -> Float {
        let bits = value.bitPattern
        return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }

    @Test func refusesAVector() throws {
        #expect(throws: ADPOError.self) { try testMatrix(rows: 3, encoding: "F32", shape: [3]) }
    }

    /// Rows are the columns of what the file has.
    @Test(arguments: transposed)
    func decodesRowsOfTransposed(_ stored: Stored) throws {
        let rows = 70
        let file = try testMatrix(rows: 512, encoding: stored.encoding, shape: [512, rows])
            .decodedRows()
        let matrix = try testMatrix(rows: rows, encoding: stored.encoding, isTransposed: true)
        #expect(matrix.rows == rows && matrix.columns == 512)
        #expect(matrix.decodedRows() == (0..<rows).map { row in file.map { $0[row] } })
    }

    @Test func refusesBlocksThatAreTransposed() throws {
        let error = #expect(throws: ADPOError.self) {
            try testMatrix(rows: 512, encoding: "Q8_0", isTransposed: true)
        }
        #expect(error?.message.contains("Q8_0") == true)
    }

    /// The experts of a mixture lie in one tensor, [experts, rows, columns].
    @Test func takesOneOfSeveralMatrices() throws {
        let bytes = testNumbers(3 * 4 * 5, seed: 1).withUnsafeBytes(Array.init)
        let all = try testMatrix(rows: 12, encoding: .f32, columns: 5, bytes: bytes).decodedRows()
        for part in 0..<3 {
            let view = try testView(.f32, shape: [3, 4, 5], bytes: bytes)
            let one = try Matrix(view, shape: [4, 5], part: part)
            #expect(one.decodedRows() == Array(all[4 * part..<4 * (part + 1)]))
            let transposed = try Matrix(
                view, shape: [4, 5], part: part, isTransposed: true)
            #expect(transposed.rows == 5 && transposed.columns == 4)
            #expect(
                transposed.decodedRows()
                    == (0..<5).map { row in all[4 * part..<4 * (part + 1)].map { $0[row] } })
        }
        for (shape, part) in [([4, 5], 3), ([4, 5], -1), ([4, 3], 0), ([4], 0), ([0, 5], 0)] {
            let view = try testView(.f32, shape: [3, 4, 5], bytes: bytes)
            #expect(throws: ADPOError.self) { try Matrix(view, shape: shape, part: part) }
        }
    }
}

extension Matrix {
    func decodedRows() -> [[Float]] {
        (0..<rows).map { row in
            [Float](unsafeUninitializedCapacity: columns) { output, count in
                count = columns
                if let base = output.baseAddress { decode(row: row, into: base) }
            }
        }
    }
}

/// A matrix of the encoding's golden blocks, repeated; one row takes 512 weights, unless the file has
/// another shape.
func testMatrix(
    rows: Int, encoding name: String, shape: [Int]? = nil, isTransposed: Bool = false
) throws -> Matrix {
    let encoding = try #require(Encoding.all.first { $0.name == name })
    let columns = 512
    let golden = try Fixture.bytes("Golden/encodings/\(name).blocks")
    let byteCount = try #require(encoding.byteCount(shape: shape ?? [rows, columns]))
    let blocks = golden.count / encoding.blockBytes * encoding.blockBytes
    return try testMatrix(
        rows: rows, encoding: encoding, columns: columns, shape: shape, isTransposed: isTransposed,
        bytes: (0..<byteCount).map { golden[$0 % blocks] })
}

/// - Parameter shape: The tensor's; nil for that of the matrix, or of its transpose.
func testMatrix(
    rows: Int, encoding: Encoding, columns: Int, shape: [Int]? = nil, isTransposed: Bool = false,
    bytes: [UInt8]
) throws -> Matrix {
    let shape = shape ?? (isTransposed ? [columns, rows] : [rows, columns])
    return try Matrix(
        testView(encoding, shape: shape, bytes: bytes), shape: shape, isTransposed: isTransposed)
}

/// A tensor of a file that is mapped.
func testView(_ encoding: Encoding, shape: [Int], bytes: [UInt8]) throws -> TensorView {
    try withTemporaryDirectory { directory in
        let path = directory + "/matrix"
        try AtomicFile.write(bytes, to: path)
        let file = try MappedFile(path: path)
        return TensorView(
            name: "matrix", encoding: encoding, shape: shape, bytes: file.bytes, file: file)
    }
}
