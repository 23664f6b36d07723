import ADPOTensor

extension Architecture {
    /// The head as it computes log-probs.
    func logProbs(_ weights: Weights) -> LogProbs {
        LogProbs(
            head: weights[head], bias: headBias.map { weights[$0] }, scale: logitScale,
            softCap: logitCap)
    }
}

extension Decoder {
    /// The log-prob of each of the sequence's targets, after a forward pass.
    ///
    /// In training, what the backward pass needs of the head is computed along with it, so that the
    /// vocabulary is looked at once.
    package func logProbs() -> [Float] {
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
        let (head, isTraining) = (memory.head, memory.shape.isTraining)
        guard memory.shape.targets > 0 else { return }
        let width = architecture.width
        let (hidden, rows) = (pass.floats(memory.stream.hidden), pass.floats(head.rows))
        for (target, row) in pass.sequence.rows.enumerated() {
            (rows + target * width).update(from: hidden + row * width, count: width)
        }
        let normed = pass.floats(head.normed)
        pass.weights[architecture.finalNorm].forward(rows, rows: head.rows.rows, into: normed)
        architecture.logProbs(pass.weights).forward(
            hidden: normed, targets: pass.sequence.targets, logits: pass.floats(head.logits),
            scratch: pass.products, into: output,
            logSums: isTraining ? pass.floats(head.logSums) : nil, logSumSquares: logSumSquares,
            derivatives: isTraining ? pass.floats(head.derivatives) : nil)
    }

    /// The logits after some of the sequence's tokens, [rows.count, vocabulary].
    func logits(rows: Range<Int>, into output: UnsafeMutablePointer<Float>) {
        let normed = pass.floats(memory.stream.normed)
        pass.weights[architecture.finalNorm].forward(
            pass.floats(memory.stream.hidden.rows(rows)), rows: rows.count, into: normed)
        architecture.logProbs(pass.weights).logits(
            hidden: normed, count: rows.count, scratch: pass.products, into: output)
    }

    /// Makes `stream.dhidden` the derivative by the last layer's hidden states.
    func headBackward(_ derivative: UnsafePointer<Float>, _ gradients: Gradients) {
        let (head, width) = (memory.head, architecture.width)
        let (derivatives, drows) = (pass.floats(head.derivatives), pass.floats(head.drows))
        if let gradients = gradients.weights {
            architecture.logProbs(pass.weights).addHeadGradient(
                hidden: pass.floats(head.normed), targets: pass.sequence.targets,
                logSums: pass.floats(head.logSums), derivative: derivative,
                logits: pass.floats(head.logits), scratch: pass.products,
                into: gradients[architecture.head],
                dbias: architecture.headBias.map { gradients[$0] })
        }
        for target in 0..<head.rows.rows {
            for i in 0..<width { derivatives[target * width + i] *= derivative[target] }
        }
        drows.update(repeating: 0, count: head.drows.count)
        pass.backward(
            architecture.finalNorm, pass.floats(head.rows), dy: derivatives, rows: head.rows.rows,
            into: drows, gradients)
        let dhidden = pass.floats(memory.stream.dhidden)
        dhidden.update(repeating: 0, count: memory.stream.dhidden.count)
        for (target, row) in pass.sequence.rows.enumerated() {
            for i in 0..<width { dhidden[row * width + i] += drows[target * width + i] }
        }
    }
}

private func floats(_ count: Int, _ fill: (UnsafeMutablePointer<Float>) -> Void) -> [Float] {
    [Float](unsafeUninitializedCapacity: count) { output, initialized in
        initialized = count
        if let base = output.baseAddress { fill(base) }
    }
}
