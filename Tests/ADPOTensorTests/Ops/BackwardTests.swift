import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// The backward pass of every operation, against finite differences of its forward pass.
struct BackwardTests {
    private let products: TestProducts

    init() throws { products = try TestProducts() }

    /// A linear layer: y = x W^T + b, for sizes within and beyond the blocks that its gradient takes.
    @Test(arguments: [(1, 7, 12), (5, 130, 33), (600, 9, 40)])
    func linear(count: Int, rows: Int, columns: Int) throws {
        let x = testNumbers(count * columns, seed: 1)
        let dy = testNumbers(count * rows, seed: 2)
        func forward(_ weight: [Float]) -> [Float] {
            (0..<count * rows).map { index in
                let (token, row) = index.quotientAndRemainder(dividingBy: rows)
                return (0..<columns).reduce(0) {
                    $0 + x[token * columns + $1] * weight[row * columns + $1]
                }
            }
        }
        let start = testNumbers(rows * columns, seed: 3)
        var dw = start
        addWeightGradient(
            x: x, dy: dy, alpha: 0.5, count: count, rows: rows, columns: columns, into: &dw,
            scratch: products.scratch)
        // By its definition; a finite difference of something linear says the same for some of them.
        let exact = (0..<rows * columns).map { index in
            let (row, column) = index.quotientAndRemainder(dividingBy: columns)
            let sum = (0..<count).reduce(0.0) {
                $0 + Double(dy[$1 * rows + row]) * Double(x[$1 * columns + column])
            }
            return start[index] + Float(0.5 * sum)
        }
        expectClose(dw, exact, absolute: 1e-4)
        if rows * columns < 100 {
            let slopes = finiteDifference(of: forward, at: start, weights: dy)
            expectClose(dw, zip(start, slopes).map { $0 + 0.5 * $1 }, absolute: 2e-3)
        }

        var db = [Float](repeating: 0.25, count: rows)
        addBiasGradient(dy: dy, count: count, width: rows, into: &db)
        let sums = (0..<rows).map { row in
            Float((0..<count).reduce(0.25) { $0 + Double(dy[$1 * rows + row]) })
        }
        expectClose(db, sums, absolute: 1e-4)
    }

    /// Log-probs by the head itself, with the vocabulary whole and in parts; of logits as they are, scaled,
    /// and capped too. The bias lies behind the weights.
    @Test(arguments: [50, 16], [(1, nil), (0.7, nil), (0.7, 1.5)] as [(Float, Float?)])
    func head(partColumns: Int, shape: (scale: Float, softCap: Float?)) throws {
        let (count, vocabulary, width) = (3, 50, 24)
        let targets: [Int32] = [0, 49, 17]
        let derivative: [Float] = [1, -0.5, 0.25]
        let x = testNumbers(count * width, seed: 1)
        let weights = testNumbers(vocabulary * (width + 1), seed: 2)
        func head(_ weights: [Float]) throws -> LogProbs {
            let floats = try SharedFloats(zeros: weights.count)
            _ = floats.mutableElements.update(fromContentsOf: weights)
            return LogProbs(
                head: Matrix(floats, offset: 0, rows: vocabulary, columns: width),
                bias: Vector(floats, vocabulary * width..<weights.count), scale: shape.scale,
                softCap: shape.softCap, partColumns: partColumns)
        }
        func forward(_ weights: [Float]) -> [Float] {
            var output = [Float](repeating: .nan, count: count)
            guard let head = try? head(weights) else { return output }
            var logits = [Float](repeating: .nan, count: head.logits(rows: count))
            head.forward(
                hidden: x, targets: targets, logits: &logits, scratch: products.scratch,
                into: &output, derivatives: nil)
            return output
        }
        let logProbs = try head(weights)
        var logits = [Float](repeating: .nan, count: logProbs.logits(rows: count))
        var output = [Float](repeating: .nan, count: count)
        var logSums = output
        logProbs.forward(
            hidden: x, targets: targets, logits: &logits, scratch: products.scratch, into: &output,
            logSums: &logSums, derivatives: nil)
        var dhead = [Float](repeating: 0.5, count: weights.count)
        dhead.withUnsafeMutableBufferPointer { dhead in
            guard let start = dhead.baseAddress else { return }
            logProbs.addHeadGradient(
                hidden: x, targets: targets, logSums: logSums, derivative: derivative,
                logits: &logits, scratch: products.scratch, into: start,
                dbias: start + vocabulary * width)
        }
        let expected = finiteDifference(of: forward, at: weights, weights: derivative)
        expectClose(dhead, expected.map { $0 + 0.5 }, absolute: 2e-3)
    }

    /// Log-probs by hidden states, through a head in each encoding, with the vocabulary whole and in
    /// parts.
    @Test(arguments: Encoding.all.map(\.name), [50, 16])
    func logProbs(_ encoding: String, partColumns: Int) throws {
        try expectLogProbs(encoding) { LogProbs(head: $0, partColumns: partColumns) }
    }

    /// Logits that are scaled, as Granite's, and capped, as Gemma 2's, of a head with a bias, as Phi's.
    @Test(arguments: [50, 16], [nil, 1.5] as [Float?])
    func shapedLogProbs(partColumns: Int, softCap: Float?) throws {
        let bias = try Vector(testNumbers(50, seed: 5))
        try expectLogProbs("F32") {
            LogProbs(
                head: $0, bias: bias, scale: 0.7, softCap: softCap, partColumns: partColumns)
        }
    }

    private func expectLogProbs(_ encoding: String, _ make: (Matrix) -> LogProbs) throws {
        let head = try testMatrix(rows: 50, encoding: encoding)
        let logProbs = make(head)
        let (count, width) = (3, head.columns)
        let targets: [Int32] = [0, 49, 17]
        // Hidden states so small, or weights so large, that logits are around 1.
        let scale = max(1, head.decodedRows().flatMap(\.self).map(abs).max() ?? 1)
        let x = testNumbers(count * width, seed: 1).map { $0 * 0.2 / scale }
        func forward(
            _ x: [Float], targets: [Int32] = targets,
            logSumSquares: UnsafeMutablePointer<Float>? = nil,
            derivatives: UnsafeMutablePointer<Float>? = nil
        ) -> [Float] {
            var logits = [Float](repeating: .nan, count: logProbs.logits(rows: count))
            var output = [Float](repeating: .nan, count: count)
            logProbs.forward(
                hidden: x, targets: targets, logits: &logits, scratch: products.scratch,
                into: &output, logSumSquares: logSumSquares, derivatives: derivatives)
            return output
        }
        var derivatives = [Float](repeating: .nan, count: x.count)
        let withDerivatives = forward(x, derivatives: &derivatives)
        expectClose(withDerivatives, forward(x), absolute: 1e-5)
        let expected = finiteDifference(
            of: { forward($0) }, at: x, weights: [Float](repeating: 1, count: count),
            step: 1e-2 / scale)
        expectClose(derivatives, expected, absolute: 2e-3 * scale)

        // log sum p^2 from the log-probs of every token of the vocabulary.
        var sums = [Double](repeating: 0, count: count)
        for token in 0..<Int32(head.rows) {
            let all = forward(x, targets: Array(repeating: token, count: count))
            for row in 0..<count { sums[row] += exp(2 * Double(all[row])) }
        }
        let logSums = sums.map { Float(log($0)) }
        for isTraining in [false, true] {
            var logSumSquares = [Float](repeating: .nan, count: count)
            let logProbs =
                isTraining
                ? forward(x, logSumSquares: &logSumSquares, derivatives: &derivatives)
                : forward(x, logSumSquares: &logSumSquares)
            expectClose(logProbs, withDerivatives, absolute: 0)
            expectClose(logSumSquares, logSums, absolute: 1e-5)
        }
        expectClose(derivatives, expected, absolute: 2e-3 * scale)
    }
}
