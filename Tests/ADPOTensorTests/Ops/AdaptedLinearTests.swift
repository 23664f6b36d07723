import ADPOTensor
import TestSupport
import Testing

/// A frozen linear layer with an adapter: LoRA, DoRA, and each with dropout, on a weight that the file has
/// as [out, in] or as [in, out].
struct AdaptedLinearTests {
    struct Kind: Sendable, CustomTestStringConvertible {
        let hasDropout: Bool
        let isDoRA: Bool
        let isTransposed: Bool
        var testDescription: String {
            "\(isDoRA ? "DoRA" : "LoRA")\(hasDropout ? " with dropout" : "")"
                + (isTransposed ? " on [in, out]" : "")
        }
    }

    static let kinds = [false, true].flatMap { hasDropout in
        [false, true].flatMap { isDoRA in
            [false, true].map {
                Kind(hasDropout: hasDropout, isDoRA: isDoRA, isTransposed: $0)
            }
        }
    }

    private let rank = 3
    private let rows = 7
    private let columns = 12
    private let products: TestProducts
    private let weight: Matrix
    private let transposedWeight: Matrix
    private let weights: [Float]
    private let dropout = Dropout(probability: 0.3, seed: 7)

    init() throws {
        products = try TestProducts()
        let (rows, columns) = (rows, columns)
        let weights = testNumbers(rows * columns, seed: 5)
        self.weights = weights
        weight = try testMatrix(
            rows: rows, encoding: .f32, columns: columns,
            bytes: weights.withUnsafeBytes(Array.init))
        let transposed = (0..<rows * columns).map { weights[$0 % rows * columns + $0 / rows] }
        transposedWeight = try testMatrix(
            rows: rows, encoding: .f32, columns: columns, isTransposed: true,
            bytes: transposed.withUnsafeBytes(Array.init))
    }

    /// The layer, with memory that lives while `body` runs.
    private func withLayer(
        _ kind: Kind, _ a: [Float], _ b: [Float], _ magnitudes: [Float], norms: [Float], count: Int,
        _ body: (AdaptedLinear) -> Void
    ) throws {
        let floats = try Buffer<Float>(zeros: 4096)
        var offset = 0
        func place(_ values: [Float]) -> UnsafeMutablePointer<Float> {
            defer { offset += values.count }
            (floats.pointer + offset).update(from: values, count: values.count)
            return floats.pointer + offset
        }
        func scratch(_ count: Int) -> UnsafeMutablePointer<Float> {
            place([Float](repeating: .nan, count: count))
        }
        let dora = DoRA(
            gains: place(zip(magnitudes, norms).map { $0 / $1 }),
            inverseNorms: place(norms.map { 1 / $0 }), rows: rows)
        let lora = LoRA(
            a: place(a), b: place(b), rank: rank, rows: rows, columns: columns, scale: 0.5,
            dropout: kind.hasDropout ? dropout : nil, dora: kind.isDoRA ? dora : nil)
        body(
            AdaptedLinear(
                kind.isTransposed ? transposedWeight : weight, lora, hidden: scratch(count * rank),
                input: scratch(count * columns),
                output: scratch(count * rows), scratch: products.scratch))
        withExtendedLifetime(floats) {}
    }

    private func forward(
        _ layer: AdaptedLinear, _ x: [Float], count: Int, adds: Bool = false
    ) -> [Float] {
        var y = [Float](repeating: adds ? 0.5 : .nan, count: count * rows)
        layer.forward(
            products.scratch.rows(x, count: count, width: columns), adds: adds, into: &y)
        return y
    }

    /// Against the formula of DoRA's paper and of PEFT, product by product, in double precision.
    private func expected(
        _ kind: Kind, _ x: [Float], _ a: [Float], _ b: [Float], _ magnitudes: [Float],
        norms: [Float], count: Int
    ) -> [Float] {
        var seen = x
        if kind.hasDropout { dropout.forward(x, count: x.count, into: &seen) }
        var y: [Float] = []
        for row in 0..<count {
            let x = x[row * columns..<(row + 1) * columns].map(Double.init)
            let seen = seen[row * columns..<(row + 1) * columns].map(Double.init)
            let hidden = (0..<rank).map { index in
                (0..<columns).reduce(0.0) { $0 + Double(a[index * columns + $1]) * seen[$1] }
            }
            for out in 0..<rows {
                func base(_ x: [Double]) -> Double {
                    (0..<columns).reduce(0.0) { $0 + Double(weights[out * columns + $1]) * x[$1] }
                }
                let update =
                    0.5
                    * (0..<rank).reduce(0.0) { $0 + Double(b[out * rank + $1]) * hidden[$1] }
                let gain = kind.isDoRA ? Double(magnitudes[out]) / Double(norms[out]) : 1
                y.append(Float(base(x) + (gain - 1) * base(seen) + gain * update))
            }
        }
        return y
    }

    @Test(arguments: kinds, [1, 5, 40])
    func forwardAndBackward(_ kind: Kind, _ count: Int) throws {
        let x = testNumbers(count * columns, seed: 1)
        let a = testNumbers(rank * columns, seed: 2)
        let b = testNumbers(rows * rank, seed: 3)
        let dy = testNumbers(count * rows, seed: 4)
        let magnitudes = testNumbers(rows, seed: 6).map { 1 + abs($0) }
        let norms = testNumbers(rows, seed: 8).map { 1.5 + abs($0) }

        func output(_ x: [Float], _ a: [Float], _ b: [Float], _ magnitudes: [Float]) -> [Float] {
            var y: [Float] = []
            try? withLayer(kind, a, b, magnitudes, norms: norms, count: count) {
                y = forward($0, x, count: count)
            }
            return y
        }
        let y = output(x, a, b, magnitudes)
        expectClose(
            y, expected(kind, x, a, b, magnitudes, norms: norms, count: count), absolute: 1e-5)

        var dhidden = [Float](repeating: .nan, count: count * rank)
        var da = [Float](repeating: 0, count: a.count)
        var db = [Float](repeating: 0, count: b.count)
        var dmagnitudes = [Float](repeating: 0, count: rows)
        var dx = [Float](repeating: .nan, count: x.count)
        var dxAdded = [Float](repeating: 0.5, count: x.count)
        try withLayer(kind, a, b, magnitudes, norms: norms, count: count) { layer in
            // What is added to y: y.
            expectClose(
                forward(layer, x, count: count, adds: true), y.map { $0 + 0.5 }, absolute: 1e-5)
            layer.backward(
                x: x, dy: dy, count: count, adds: false, dhidden: &dhidden, into: &dx, da: &da,
                db: &db, dmagnitudes: &dmagnitudes)
            // Gradients are added.
            let first = da
            layer.backward(
                x: x, dy: dy, count: count, adds: true, dhidden: &dhidden, into: &dxAdded, da: &da,
                db: &db, dmagnitudes: &dmagnitudes)
            expectClose(da, first.map { $0 * 2 }, absolute: 1e-4)
        }
        func half(_ values: [Float]) -> [Float] { values.map { $0 / 2 } }
        func check(_ found: [Float], _ x: [Float], _ f: ([Float]) -> [Float]) {
            expectClose(found, finiteDifference(of: f, at: x, weights: dy), absolute: 3e-3)
        }
        check(dx, x) { output($0, a, b, magnitudes) }
        expectClose(dxAdded, dx.map { $0 + 0.5 }, absolute: 1e-5)
        check(half(da), a) { output(x, $0, b, magnitudes) }
        check(half(db), b) { output(x, a, $0, magnitudes) }
        if kind.isDoRA { check(half(dmagnitudes), magnitudes) { output(x, a, b, $0) } }
    }
}
