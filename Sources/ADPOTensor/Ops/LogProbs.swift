import CKernels
import Glibc

/// The head: hidden states to log-probs, a part of the vocabulary at a time for some of the rows, so
/// that the whole [rows, vocabulary] array never exists and logits stay in cache.
package struct LogProbs: Sendable {
    package let head: Matrix
    /// Columns of logits in a part: no power of 2, so that rows do not compete for lines of the cache.
    private let partColumns: Int
    /// Many enough for an efficient product.
    private static let chunkRows = 256

    package init(head: Matrix, partColumns: Int = 4000) {
        self.head = head
        self.partColumns = min(partColumns, head.rows)
    }

    /// The memory for logits that is wanted for `rows` rows, in floats.
    package func logits(rows: Int) -> Int {
        min(rows, Self.chunkRows) * max(partColumns, head.columns)
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
            let derivatives = derivatives.map { $0 + first * width }
            var rows = targets[first..<first + count].map(Row.init)
            rows.withUnsafeMutableBufferPointer { rows in
                forEachPart(hidden + first * width, count, logits, scratch) { part, columns in
                    Parallel.forEach(count) { row in
                        let factor = rows[row].add(logits + row * columns.count, columns)
                        guard let derivatives, factor != 1 else { return }
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
    /// `logSums` is as `forward` left it.
    package func addHeadGradient(
        hidden: UnsafePointer<Float>, targets: [Int32], logSums: UnsafePointer<Float>,
        derivative: UnsafePointer<Float>, logits: UnsafeMutablePointer<Float>,
        scratch: ProductScratch, into dhead: UnsafeMutablePointer<Float>
    ) {
        let width = head.columns
        for first in stride(from: 0, to: targets.count, by: Self.chunkRows) {
            let count = min(Self.chunkRows, targets.count - first)
            let hidden = hidden + first * width
            forEachPart(hidden, count, logits, scratch) { part, columns in
                Parallel.forEach(count) { row in
                    let logits = logits + row * columns.count
                    var sums = adpo_softmax_sums(largest: logSums[first + row], sum: 0, squares: 0)
                    _ = adpo_softmax_part(logits, columns.count, &sums)
                    let target = Int(targets[first + row])
                    if columns.contains(target) { logits[target - columns.lowerBound] -= 1 }
                    for i in 0..<columns.count { logits[i] *= derivative[first + row] }
                }
                addWeightGradient(
                    x: hidden, dy: logits, alpha: -1, count: count, rows: columns.count,
                    columns: width, into: dhead + columns.lowerBound * width, scratch: scratch)
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
            body(part, columns)
        }
    }

    /// Given sum_v exp(logits[v] - largest) W[v] over all but the target: the derivative.
    private func finish(
        _ derivative: UnsafeMutablePointer<Float>, _ row: Row,
        decoded: UnsafeMutablePointer<Float>
    ) {
        let factor = Float(exp(Double(row.others.largest) - row.logSum))
        let target = factor * row.others.sum  // 1 - p
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
    var others = adpo_softmax_sums(largest: -.greatestFiniteMagnitude, sum: 0, squares: 0)

    init(target: Int32) { self.target = Int(target) }

    /// Replaces logits by exp(logits - others.largest), and the target's by 0.
    ///
    /// - Returns: What sums of the parts before are to be multiplied by.
    mutating func add(_ logits: UnsafeMutablePointer<Float>, _ columns: Range<Int>) -> Float {
        if columns.contains(target) {
            let place = target - columns.lowerBound
            targetLogit = Double(logits[place])
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
