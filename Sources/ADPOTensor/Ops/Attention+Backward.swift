import CKernels

extension Attention {
    /// Overwrites the gradients of the inputs, given doutput, [tokens, heads * headWidth]. Attention weights
    /// are computed again.
    package func backward(
        _ inputs: Inputs, doutput: UnsafePointer<Float>, tokens: Int,
        scratch: UnsafeMutablePointer<Float>, products: ProductScratch,
        into gradients: Gradients
    ) {
        let keys = inputs.spans.map(\.keyCount).max() ?? 0
        let stride = forwardScratch(keys: keys, lanes: 1)
        let parts = softCap == nil ? 2 : 3
        let blocks = blocks(of: inputs.spans)
        // Each query head has key and value gradients of its own, [tokens, heads, headWidth], so
        // that the heads of a group can run side by side; they are added up at the end.
        let dkeys = scratch + parts * products.lanes * stride
        let dvalues = dkeys + tokens * queryStride
        dkeys.update(repeating: 0, count: 2 * tokens * queryStride)
        Parallel.forEach(heads, lanes: products.lanes) { head, lane in
            let weights = scratch + parts * lane * stride
            let pass = BackwardPass(
                inputs: inputs, doutput: doutput, dqueries: gradients.queries, dkeys: dkeys,
                dvalues: dvalues, weights: weights, dweights: weights + stride,
                slopes: softCap == nil ? nil : weights + 2 * stride,
                scratch: products.lane(lane))
            for block in blocks {
                attentionWeights(
                    inputs, block, head, pass.scratch, into: weights, slopes: pass.slopes)
                scoresBackward(pass, block, head)
                inputsBackward(pass, block, head)
            }
        }
        addUpGroups(dkeys, tokens, into: gradients.keys)
        addUpGroups(dvalues, tokens, into: gradients.values)
    }

    /// One head's part of the backward pass: where its results and its scratch lie.
    private struct BackwardPass {
        let inputs: Inputs
        let doutput: UnsafePointer<Float>
        let dqueries: Heads
        let dkeys: UnsafeMutablePointer<Float>  // [tokens, heads, headWidth]
        let dvalues: UnsafeMutablePointer<Float>  // [tokens, heads, headWidth]
        let weights: UnsafeMutablePointer<Float>  // [block.rows, block.keys]
        let dweights: UnsafeMutablePointer<Float>  // [block.rows, block.keys]
        let slopes: UnsafeMutablePointer<Float>?  // [block.rows, block.keys]
        let scratch: UnsafeMutablePointer<Float>
    }

    /// dweights = the derivative by the scores, given the attention weights.
    private func scoresBackward(_ pass: BackwardPass, _ block: Block, _ head: Int) {
        let dout = pass.doutput + block.queryRow * queryStride + head * headWidth
        for part in block.parts where part.count > 0 {
            productOnOneThread(  // dweights = dout values^T
                m: block.rows, n: part.count, k: headWidth, Operand(dout, stride: queryStride),
                pass.inputs.values.operand(row: part.row, head: keyHead(head), transposed: true),
                into: pass.dweights + part.column, stride: block.keys, scratch: pass.scratch)
        }
        for row in 0..<block.rows {
            let place = row * block.keys
            adpo_softmax_backward(
                pass.weights + place, pass.dweights + place, block.keys,
                softCap == nil ? scale : 1)
            if let slopes = pass.slopes {
                let seen = block.seen(row, window: window)
                let start = place + seen.lowerBound
                adpo_multiply(pass.dweights + start, slopes + start, seen.count)
            }
        }
    }

    /// Adds what a block gives to the gradients of values and keys, and sets those of its queries.
    private func inputsBackward(_ pass: BackwardPass, _ block: Block, _ head: Int) {
        let dout = pass.doutput + block.queryRow * queryStride + head * headWidth
        let dqueries =
            pass.dqueries.floats + block.queryRow * pass.dqueries.rowStride
            + head * pass.dqueries.headStride
        for (index, part) in block.parts.enumerated() where part.count > 0 {
            let place = part.row * queryStride + head * headWidth
            productOnOneThread(  // dvalues += weights^T dout
                m: part.count, n: headWidth, k: block.rows,
                Operand(pass.weights + part.column, stride: block.keys, transposed: true),
                Operand(dout, stride: queryStride), beta: 1, into: pass.dvalues + place,
                stride: queryStride, scratch: pass.scratch)
            productOnOneThread(  // dkeys += dscores^T queries
                m: part.count, n: headWidth, k: block.rows,
                Operand(pass.dweights + part.column, stride: block.keys, transposed: true),
                pass.inputs.queries.operand(row: block.queryRow, head: head), beta: 1,
                into: pass.dkeys + place, stride: queryStride, scratch: pass.scratch)
            productOnOneThread(  // dqueries = dscores keys
                m: block.rows, n: headWidth, k: part.count,
                Operand(pass.dweights + part.column, stride: block.keys),
                pass.inputs.keys.operand(row: part.row, head: keyHead(head)),
                beta: block.beta(index), into: dqueries, stride: pass.dqueries.rowStride,
                scratch: pass.scratch)
        }
    }

    /// Sums [tokens, heads, headWidth] over the heads of each group.
    private func addUpGroups(_ byHead: UnsafePointer<Float>, _ tokens: Int, into output: Heads) {
        let group = heads / keyValueHeads
        Parallel.forEachRange(tokens) { range in
            for row in range {
                for head in 0..<keyValueHeads {
                    let sum = output.floats + row * output.rowStride + head * output.headStride
                    let first = byHead + (row * heads + head * group) * headWidth
                    sum.update(from: first, count: headWidth)
                    for member in 1..<max(group, 1) {
                        adpo_add_scaled(sum, first + member * headWidth, 1, headWidth)
                    }
                }
            }
        }
    }
}
