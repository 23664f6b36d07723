import ADPOTensor

extension Decoder {
    /// The log-prob of each of the sequence's targets, after a forward pass.
    ///
    /// In training, what the backward pass needs of the head is computed along with it, so that the
    /// vocabulary is looked at once.
    func logProbs() -> [Float] {
        floats(memory.shape.targets) { logProbs(into: $0, logSumSquares: nil) }
    }

    /// The same, and log sum p^2 over the vocabulary where each target stands.
    func logProbsAndSumSquares() -> (logProbs: [Float], logSumSquares: [Float]) {
        var logSumSquares: [Float] = []
        let logProbs = floats(memory.shape.targets) { logProbs in
            logSumSquares = floats(memory.shape.targets) {
                self.logProbs(into: logProbs, logSumSquares: $0)
            }
        }
        return (logProbs, logSumSquares)
    }

    private func logProbs(
        into output: UnsafeMutablePointer<Float>, logSumSquares: UnsafeMutablePointer<Float>?
    ) {
        let shape = memory.shape
        guard shape.targets > 0 else { return }
        let width = architecture.width
        let (stream, rows) = (base + memory.stream, base + memory.rows)
        for (target, row) in sequence.rows.enumerated() {
            (rows + target * width).update(from: stream + row * width, count: width)
        }
        let normed = base + memory.normedRows
        weights.finalNorm.forward(rows, rows: shape.targets, into: normed)
        LogProbs(head: weights.head).forward(
            hidden: normed, targets: sequence.targets, logits: base + memory.logits,
            scratch: products, into: output,
            logSums: shape.isTraining ? base + memory.logSums : nil, logSumSquares: logSumSquares,
            derivatives: shape.isTraining ? base + memory.derivatives : nil)
    }

    /// The logits after some of the sequence's tokens, [rows.count, vocabulary].
    func logits(rows: Range<Int>, into output: UnsafeMutablePointer<Float>) {
        let normed = base + memory.normed
        weights.finalNorm.forward(
            base + memory.stream + rows.lowerBound * architecture.width, rows: rows.count,
            into: normed)
        weights.head.multiply(
            products.rows(normed, count: rows.count, width: architecture.width), into: output,
            scratch: products)
    }
}

private func floats(_ count: Int, _ fill: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { output, initialized in
        initialized = count
        if let base = output.baseAddress { fill(base) }
    }
}
