import ADPOBase
import CKernels

/// The head: hidden states to log-probs, a part of the vocabulary at a time for some of the rows, so
/// that the whole [rows, vocabulary] array never exists and logits stay in cache.
package struct LogProbs: Sendable {
    package let head: Matrix
    /// Added to the products with the head's rows, [vocabulary].
    private let bias: Vector?
    /// A factor of all logits.
    private let scale: Float
    /// Logits are then cap * tanh(logits / cap), as in Gemma 2.
    private let softCap: Float?
    /// Columns of logits in a part: no power of 2, so that rows do not compete for lines of the cache.
    private let partColumns: Int
    /// Many enough for an efficient product.
    private static let chunkRows = 256

    package init(
        head: Matrix, bias: Vector? = nil, scale: Float = 1, softCap: Float? = nil,
        partColumns: Int = 4000
    ) {
        self.head = head
        self.bias = bias
        self.scale = scale
        self.softCap = softCap
        self.partColumns = min(partColumns, head.rows)
    }

    /// The memory for logits that is wanted for `rows` rows, in floats.
    package func logits(rows: Int) -> Int {
        slopesOffset(rows: rows) * (softCap == nil ? 1 : 2)
    }

    /// Where the derivatives of the soft cap lie behind the logits.
    private func slopesOffset(rows: Int) -> Int {
        min(rows, Self.chunkRows) * max(partColumns, head.columns)
    }

    /// The logits of hidden states [count, width], [count, vocabulary].
    package func logits(
        hidden: UnsafePointer<Float>, count: Int, scratch: ProductScratch,
        into logits: UnsafeMutablePointer<Float>
    ) {
        head.multiply(
            scratch.rows(hidden, count: count, width: head.columns), into: logits,
            scratch: scratch)
        if let bias { adpo_add_bias(logits, bias.pointer, count, head.rows) }
        Parallel.forEach(count) { row in
            shape(logits + row * head.rows, head.rows, slopes: nil)
        }
    }

    /// Makes logits of products with the head's rows.
    private func shape(
        _ logits: UnsafeMutablePointer<Float>, _ count: Int,
        slopes: UnsafeMutablePointer<Float>?
    ) {
        if let softCap {
            adpo_soft_cap(logits, slopes, count, scale, softCap)
        } else if scale != 1 {
            for i in 0..<count { logits[i] *= scale }
        }
    }

    /// Multiplies derivatives by logits with those of the logits by the products, given the derivatives of
    /// the soft cap where there is one.
    private func unshape(
        _ derivatives: UnsafeMutablePointer<Float>, _ count: Int,
        slopes: UnsafePointer<Float>?
    ) {
        if let slopes {
            adpo_multiply(derivatives, slopes, count)
        } else if scale != 1 {
            for i in 0..<count { derivatives[i] *= scale }
        }
    }

    /// The pairs of bf16 that `ProductScratch` must have room for.
    package func pairs(rows: Int) -> Int {
        min(rows, Self.chunkRows) * ((max(partColumns, head.columns) + 1) / 2)
    }

    /// logProbs[i] = log softmax(head hidden[i])[targets[i]], for hidden [rows, width].
    ///
    /// `logSums`, [rows], receives log sum_v exp(logits[v]), and `logSumSquares`, [rows], log sum_v p_v^2.
    ///
    /// `derivatives`, [rows, width], receives d logProbs[i] / d hidden[i] = W[target] - sum_v p_v W[v],
    /// so that the backward pass need not look at the vocabulary again.
    package func forward(
        hidden: UnsafePointer<Float>, targets: [Int32], logits: UnsafeMutablePointer<Float>,
        scratch: ProductScratch, into logProbs: UnsafeMutablePointer<Float>,
        logSums: UnsafeMutablePointer<Float>? = nil,
        logSumSquares: UnsafeMutablePointer<Float>? = nil,
        derivatives: UnsafeMutablePointer<Float>?
    ) {
        let width = head.columns
        for first in stride(from: 0, to: targets.count, by: Self.chunkRows) {
            let count = min(Self.chunkRows, targets.count - first)
            let slopes = softCap.map { _ in logits + slopesOffset(rows: count) }
            let derivatives = derivatives.map { $0 + first * width }
            var rows = targets[first..<first + count].map(Row.init)
            rows.withUnsafeMutableBufferPointer { rows in
                forEachPart(hidden + first * width, count, logits, scratch) { part, columns in
                    Parallel.forEach(count) { row in
                        let logits = logits + row * columns.count
                        let slopes = slopes.map { $0 + row * columns.count }
                        shape(logits, columns.count, slopes: slopes)
                        let factor = rows[row].add(logits, columns, slopes: slopes, scale: scale)
                        guard let derivatives else { return }
                        unshape(logits, columns.count, slopes: slopes)
                        guard factor != 1 else { return }
                        for i in row * width..<(row + 1) * width { derivatives[i] *= factor }
                    }
                    guard let derivatives else { return }
                    part.multiplyTransposed(
                        scratch.rows(logits, count: count, width: columns.count),
                        beta: columns.lowerBound == 0 ? 0 : 1, into: derivatives, scratch: scratch)
                }
                for (index, row) in rows.enumerated() {
                    let logSum = row.logSum
                    logProbs[first + index] = Float(row.targetLogit - logSum)
                    logSums?[first + index] = Float(logSum)
                    logSumSquares?[first + index] = Float(row.logSumSquares)
                }
                guard let derivatives else { return }
                for (index, row) in rows.enumerated() {
                    finish(derivatives + index * width, row, decoded: logits)
                }
            }
        }
    }

    /// dhead += sum_i derivative[i] d logProbs[i] / d head, which is derivative[i] hidden[i] for the
    /// target's row, and -derivative[i] p_v hidden[i] for every row v. The logits are computed again.
    ///
    /// `dbias` receives the same of the bias. `logSums` is as `forward` left it.
    package func addHeadGradient(
        hidden: UnsafePointer<Float>, targets: [Int32], logSums: UnsafePointer<Float>,
        derivative: UnsafePointer<Float>, logits: UnsafeMutablePointer<Float>,
        scratch: ProductScratch, into dhead: UnsafeMutablePointer<Float>,
        dbias: UnsafeMutablePointer<Float>? = nil
    ) {
        let width = head.columns
        for first in stride(from: 0, to: targets.count, by: Self.chunkRows) {
            let count = min(Self.chunkRows, targets.count - first)
            let hidden = hidden + first * width
            let slopes = softCap.map { _ in logits + slopesOffset(rows: count) }
            forEachPart(hidden, count, logits, scratch) { part, columns in
                Parallel.forEach(count) { row in
                    let logits = logits + row * columns.count
                    let slopes = slopes.map { $0 + row * columns.count }
                    shape(logits, columns.count, slopes: slopes)
                    var sums = adpo_softmax_sums(largest: logSums[first + row], sum: 0, squares: 0)
                    _ = adpo_softmax_part(logits, columns.count, &sums)
                    let target = Int(targets[first + row])
                    if columns.contains(target) { logits[target - columns.lowerBound] -= 1 }
                    unshape(logits, columns.count, slopes: slopes)
                    for i in 0..<columns.count { logits[i] *= -derivative[first + row] }
                }
                addWeightGradient(
                    x: hidden, dy: logits, count: count, rows: columns.count, columns: width,
                    into: dhead + columns.lowerBound * width, scratch: scratch)
                if let dbias {
                    addBiasGradient(
                        dy: logits, count: count, width: columns.count,
                        into: dbias + columns.lowerBound)
                }
            }
        }
    }

    /// Calls `body` with each part of the head, and its place in the vocabulary, once `logits` holds
    /// that part's: [count, columns.count].
    private func forEachPart(
        _ hidden: UnsafePointer<Float>, _ count: Int, _ logits: UnsafeMutablePointer<Float>,
        _ scratch: ProductScratch, _ body: (Matrix, Range<Int>) -> Void
    ) {
        for first in stride(from: 0, to: head.rows, by: partColumns) {
            let columns = first..<min(first + partColumns, head.rows)
            let part = head.rows(columns)
            part.multiply(
                scratch.rows(hidden, count: count, width: head.columns), into: logits,
                scratch: scratch)
            if let bias {
                adpo_add_bias(logits, bias.pointer + first, count, columns.count)
            }
            body(part, columns)
        }
    }

    /// Given sum_v exp(logits[v] - largest) W[v] over all but the target: the derivative.
    private func finish(
        _ derivative: UnsafeMutablePointer<Float>, _ row: Row,
        decoded: UnsafeMutablePointer<Float>
    ) {
        let factor = Float(exp(Double(row.others.largest) - row.logSum))
        let target = factor * row.others.sum * row.targetSlope  // 1 - p, times the slope
        head.decode(row: row.target, into: decoded)
        for i in 0..<head.columns {
            derivative[i] = target * decoded[i] - factor * derivative[i]
        }
    }
}

/// The softmax of a row whose logits come in parts (arXiv 1805.02867).
///
/// The target is apart from the others: where it is nearly certain, 1 - p is their small sum.
private struct Row {
    let target: Int
    var targetLogit = 0.0
    /// The derivative of the target's logit by its product with the head.
    var targetSlope: Float = 1
    var others = adpo_softmax_sums(largest: -.greatestFiniteMagnitude, sum: 0, squares: 0)

    init(target: Int32) { self.target = Int(target) }

    /// Replaces logits by exp(logits - others.largest), and the target's by 0.
    ///
    /// - Parameter slopes: The derivatives of logits by products; nil where all are `scale`.
    /// - Returns: What sums of the parts before are to be multiplied by.
    mutating func add(
        _ logits: UnsafeMutablePointer<Float>, _ columns: Range<Int>,
        slopes: UnsafePointer<Float>?, scale: Float
    ) -> Float {
        if columns.contains(target) {
            let place = target - columns.lowerBound
            targetLogit = Double(logits[place])
            targetSlope = slopes?[place] ?? scale
            logits[place] = -.infinity
        }
        return adpo_softmax_part(logits, columns.count, &others)
    }

    var logSum: Double {
        let largest = max(Double(others.largest), targetLogit)
        return largest
            + log(
                Double(others.sum) * exp(Double(others.largest) - largest)
                    + exp(targetLogit - largest))
    }

    var logSumSquares: Double {
        let logSum = logSum
        return log(
            Double(others.squares) * exp(2 * (Double(others.largest) - logSum))
                + exp(2 * (targetLogit - logSum)))
    }
}
