import ADPOTensor
import TestSupport
import Testing

/// Norms against their formulae, and their backward passes against finite differences.
struct NormTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let kind: Norm.Kind
        let hasBias: Bool
        var testDescription: String { "\(kind)\(hasBias ? " with bias" : "")" }
    }

    static let cases = [
        Case(kind: .rms, hasBias: false), Case(kind: .layer, hasBias: false),
        Case(kind: .layer, hasBias: true),
    ]

    private func norm(_ test: Case, width: Int) throws -> Norm {
        Norm(
            kind: test.kind, weight: try Vector(testNumbers(width, seed: 1)),
            bias: test.hasBias ? try Vector(testNumbers(width, seed: 4)) : nil, epsilon: 1e-2)
    }

    @Test(arguments: cases)
    func isItsFormula(_ test: Case) throws {
        let (rows, width) = (3, 37)
        let x = testNumbers(rows * width, seed: 2)
        let (weight, bias) = (testNumbers(width, seed: 1), testNumbers(width, seed: 4))
        var y = [Float](repeating: 0, count: x.count)
        try norm(test, width: width).forward(x, rows: rows, into: &y)
        for row in 0..<rows {
            let values = x[row * width..<(row + 1) * width].map(Double.init)
            let mean = test.kind == .layer ? values.reduce(0, +) / Double(width) : 0
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            let expected = values.indices.map { index in
                Float((values[index] - mean) / (variance + 1e-2).squareRoot()) * weight[index]
                    + (test.hasBias ? bias[index] : 0)
            }
            expectClose(Array(y[row * width..<(row + 1) * width]), expected, absolute: 1e-6)
        }
    }

    @Test(arguments: cases)
    func backward(_ test: Case) throws {
        let (rows, width) = (3, 37)
        let norm = try norm(test, width: width)
        let x = testNumbers(rows * width, seed: 2)
        let dy = testNumbers(rows * width, seed: 3)
        func forward(_ x: [Float]) -> [Float] {
            var y = [Float](repeating: 0, count: x.count)
            norm.forward(x, rows: rows, into: &y)
            return y
        }
        var dx = [Float](repeating: 0.5, count: x.count)  // the derivative is added
        var dweight = [Float](repeating: 0.5, count: width)
        var dbias = [Float](repeating: 0.5, count: width)
        norm.backward(x, dy: dy, rows: rows, into: &dx, dweight: &dweight, dbias: &dbias)
        let expected = finiteDifference(of: forward, at: x, weights: dy)
        expectClose(dx, expected.map { $0 + 0.5 }, absolute: 2e-3)

        // y is linear in weight and bias: what a weight of 1 gives, weighed with dy.
        let ones = try Vector([Float](repeating: 1, count: width))
        var normed = [Float](repeating: 0, count: x.count)
        Norm(kind: test.kind, weight: ones, epsilon: 1e-2).forward(x, rows: rows, into: &normed)
        func sum(_ factor: (Int) -> Float) -> [Float] {
            (0..<width).map { column in
                (0..<rows).reduce(0.5) {
                    $0 + dy[$1 * width + column] * factor($1 * width + column)
                }
            }
        }
        expectClose(dweight, sum { normed[$0] }, absolute: 1e-5)
        expectClose(dbias, sum { _ in 1 }, absolute: 1e-5)
    }

    /// Norms of heads that lie apart, or side by side, are those of rows.
    @Test(arguments: [6, 18])
    func heads(headStride: Int) throws {
        let (tokens, heads, width) = (3, 2, 6)
        let norm = try norm(Case(kind: .rms, hasBias: false), width: width)
        let rowStride = 40
        var x = testNumbers(tokens * rowStride, seed: 2)
        var (dy, dx, y) = (testNumbers(x.count, seed: 3), x, x)
        func place(_ token: Int, _ head: Int) -> Range<Int> {
            let start = token * rowStride + head * headStride
            return start..<start + width
        }
        func view(_ floats: inout [Float]) -> Heads {
            floats.withUnsafeMutableBufferPointer {
                Heads(floats: $0.baseAddress!, rowStride: rowStride, headStride: headStride)
            }
        }
        var dweight = [Float](repeating: 0, count: width)
        norm.forward(view(&x), count: heads, tokens: tokens, into: view(&y))
        norm.backward(
            view(&x), dy: view(&dy), count: heads, tokens: tokens, into: view(&dx),
            dweight: &dweight)
        var expectedWeight = [Float](repeating: 0, count: width)
        for token in 0..<tokens {
            for head in 0..<heads {
                let place = place(token, head)
                var row = [Float](repeating: 0, count: width)
                norm.forward(Array(x[place]), rows: 1, into: &row)
                expectClose(Array(y[place]), row, absolute: 0)
                var drow = [Float](repeating: 0, count: width)
                norm.backward(
                    Array(x[place]), dy: Array(dy[place]), rows: 1, into: &drow,
                    dweight: &expectedWeight)
                expectClose(Array(dx[place]), drow, absolute: 0)
            }
        }
        expectClose(dweight, expectedWeight, absolute: 1e-6)
    }
}
