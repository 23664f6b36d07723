import ADPOTensor
import TestSupport
import Testing

/// Products of floats against plain loops in Double: one row, parts of a panel, sums longer than a
/// packed panel, either operand transposed.
struct ProductTests {
    static let shapes = [(1, 40, 70), (5, 33, 7), (13, 50, 1100), (40, 16, 64), (100, 9, 2049)]

    @Test(arguments: shapes, [(false, false), (true, false), (false, true), (true, true)])
    func equalsPlainLoops(
        _ shape: (m: Int, n: Int, k: Int), _ transposed: (a: Bool, b: Bool)
    ) throws {
        let (m, n, k) = shape
        let a = testNumbers(m * k, seed: 1)
        let b = testNumbers(k * n, seed: 2)
        let start = testNumbers(m * n, seed: 3)
        let products = try TestProducts()
        let left = { (row: Int, i: Int) in a[transposed.a ? i * m + row : row * k + i] }
        let right = { (i: Int, column: Int) in b[transposed.b ? column * k + i : i * n + column] }
        let sums = (0..<m * n).map { index in
            (0..<k).reduce(0.0) {
                $0 + Double(left(index / n, $1)) * Double(right($1, index % n))
            }
        }
        // beta = 0 overwrites whatever is there, NaN too.
        for (alpha, beta, c) in [
            (Float(1), Float(0), [Float](repeating: .nan, count: m * n)), (-0.5, 1, start),
            (2, 0.25, start),
        ] {
            var actual = c
            product(
                m: m, n: n, k: k, alpha: alpha,
                Operand(a, stride: transposed.a ? m : k, transposed: transposed.a),
                Operand(b, stride: transposed.b ? k : n, transposed: transposed.b), beta: beta,
                into: &actual, stride: n, scratch: products.scratch)
            let expected = zip(sums, c).map { sum, c in
                Float(Double(alpha) * sum + (beta == 0 ? 0 : Double(beta) * Double(c)))
            }
            // A sum of k products of about 1/4, each rounded: k / 4 ulp, times alpha, with a margin of 4.
            expectClose(actual, expected, absolute: 2 * Float(k + 4) * .ulpOfOne)
        }
    }
}
