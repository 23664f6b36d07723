import CKernels
import Glibc

/// The head: hidden states to logits and log-probs, in chunks of rows, so that the whole
/// [rows, vocabulary] array never exists.
package struct LogProbs: Sendable {
    package let head: Matrix
    /// Rows in a chunk: many enough for an efficient product, few enough for 64 MB of logits.
    package let chunkRows: Int

    package init(head: Matrix) {
        self.head = head
        chunkRows = max(1, min(256, (16 << 20) / head.rows))
    }

    /// The memory for logits that `forward` wants for `rows` rows, in floats.
    package func logits(rows: Int) -> Int { min(rows, chunkRows) * head.rows }

    /// logProbs[i] = log softmax(head hidden[i])[targets[i]], for hidden [rows, width].
    ///
    /// `derivatives`, [rows, width], receives d logProbs[i] / d hidden[i] = W[target] - sum_v p_v W[v],
    /// so that the backward pass need not look at the vocabulary again. It may be `hidden` itself.
    ///
    /// `logSumSquares`, [rows], receives log sum_v p_v^2.
    package func forward(
        hidden: UnsafePointer<Float>, targets: [Int32], logits: UnsafeMutablePointer<Float>,
        scratch: ProductScratch, into logProbs: UnsafeMutablePointer<Float>,
        logSumSquares: UnsafeMutablePointer<Float>? = nil,
        derivatives: UnsafeMutablePointer<Float>?
    ) {
        let (vocabulary, width) = (head.rows, head.columns)
        for first in stride(from: 0, to: targets.count, by: chunkRows) {
            let rows = min(chunkRows, targets.count - first)
            head.multiply(
                scratch.rows(hidden + first * width, count: rows, width: width), into: logits,
                scratch: scratch)
            Parallel.forEach(rows) { row in
                let logits = logits + row * vocabulary
                let target = Int(targets[first + row])
                let logit = logits[target]
                if derivatives == nil && logSumSquares == nil {
                    logProbs[first + row] = logit - adpo_log_sum_exp(logits, vocabulary)
                } else {
                    logProbs[first + row] = logit - adpo_softmax(logits, vocabulary, 1)
                    logSumSquares?[first + row] = Float(
                        log(adpo_sum_of_squares(logits, vocabulary)))
                    logits[target] -= 1
                }
            }
            guard let derivatives else { continue }
            head.multiplyTransposed(
                scratch.rows(logits, count: rows, width: vocabulary), alpha: -1,
                into: derivatives + first * width, scratch: scratch)
        }
    }

    /// dhead += sum_i derivative[i] d logProbs[i] / d head, which is derivative[i] hidden[i] for the
    /// target's row, and -derivative[i] p_v hidden[i] for every row v. The logits are computed again.
    ///
    /// `hidden`, [rows, width], is multiplied by `derivative`, [rows], on the way.
    package func addHeadGradient(
        hidden: UnsafeMutablePointer<Float>, targets: [Int32], derivative: UnsafePointer<Float>,
        logits: UnsafeMutablePointer<Float>, scratch: ProductScratch,
        into dhead: UnsafeMutablePointer<Float>
    ) {
        let (vocabulary, width) = (head.rows, head.columns)
        for first in stride(from: 0, to: targets.count, by: chunkRows) {
            let rows = min(chunkRows, targets.count - first)
            let hidden = hidden + first * width
            head.multiply(
                scratch.rows(hidden, count: rows, width: width), into: logits, scratch: scratch)
            Parallel.forEach(rows) { row in
                let logits = logits + row * vocabulary
                adpo_softmax(logits, vocabulary, 1)
                logits[Int(targets[first + row])] -= 1
                for i in 0..<width { hidden[row * width + i] *= derivative[first + row] }
            }
            addWeightGradient(
                x: hidden, dy: logits, alpha: -1, count: rows, rows: vocabulary, columns: width,
                into: dhead, scratch: scratch)
        }
    }
}
