import ADPOTensor

extension Decoder {
    /// Adds the gradients of the adapter's parameters, or of all weights, laid out like their values,
    /// given the derivative of the loss by each target's log-prob, [targets]. Follows a training pass
    /// and its `logProbs`.
    func backward(
        derivative: UnsafePointer<Float>, lora: LoRAParameters?, gradients: Gradients
    ) {
        headBackward(derivative, gradients)
        let firstLayer = lora?.layout.firstLayer ?? 0
        for layer in stride(from: architecture.layers - 1, through: firstLayer, by: -1) {
            if memory.recomputes(layer) { recompute(layer, lora) }
            feedForwardBackward(layer, lora, gradients)
            attentionBackward(layer, lora, gradients)
        }
        gradients.weights?.add(
            embedding: weights.embedding, tokens: sequence.tokens, dy: base + memory.dstream)
    }

    /// dstream = the derivative by the last layer's hidden states.
    private func headBackward(_ derivative: UnsafePointer<Float>, _ gradients: Gradients) {
        let (shape, width) = (memory.shape, architecture.width)
        let (derivatives, drows) = (base + memory.derivatives, base + memory.drows)
        let (rows, norm) = (base + memory.rows, weights.finalNorm)
        if let gradients = gradients.weights {
            LogProbs(head: weights.head).addHeadGradient(
                hidden: base + memory.normedRows, targets: sequence.targets,
                logSums: base + memory.logSums, derivative: derivative,
                logits: base + memory.logits, scratch: products, into: gradients.of(weights.head))
        }
        for target in 0..<shape.targets {
            for i in 0..<width { derivatives[target * width + i] *= derivative[target] }
        }
        drows.update(repeating: 0, count: shape.targets * width)
        norm.backward(
            rows, dy: derivatives, rows: shape.targets, into: drows,
            dweight: gradients.weights?.of(norm.weight))
        let dstream = base + memory.dstream
        dstream.update(repeating: 0, count: shape.tokens * width)
        for (target, row) in sequence.rows.enumerated() {
            for i in 0..<width { dstream[row * width + i] += drows[target * width + i] }
        }
    }

    /// dx = dy W (+ dx when `adds`) and the adapter's share, and the gradients of what is trained.
    /// dx is nil where nothing below needs it.
    private func linear(
        _ linear: LinearLayer, _ layer: Int, _ lora: LoRAParameters?, x: UnsafePointer<Float>,
        dy: UnsafePointer<Float>, adds: Bool = false, into dx: UnsafeMutablePointer<Float>?,
        gradients: Gradients
    ) {
        if let lora, let adapted = adapted(linear, layer, lora),
            let a = lora.layout.a(linear, layer: layer),
            let b = lora.layout.b(linear, layer: layer), case .adapter(let values) = gradients
        {
            let magnitudes = lora.layout.magnitudes(linear, layer: layer)
            adapted.backward(
                x: x, dy: dy, count: memory.shape.tokens, adds: adds,
                dhidden: base + memory.dloraHidden,
                into: dx, da: values + a.lowerBound, db: values + b.lowerBound,
                dmagnitudes: magnitudes.map { values + $0.lowerBound })
            return
        }
        let layerWeights = weights.layers[layer][linear]
        if let dx {
            layerWeights.weight.multiplyTransposed(
                rows(dy, width: layerWeights.weight.rows), beta: adds ? 1 : 0, into: dx,
                scratch: products)
        }
        gradients.weights?.add(
            layerWeights, x: x, dy: dy, count: memory.shape.tokens, scratch: products)
    }

    /// Through stream += down(silu(gate(norm(stream))) * up(norm(stream))).
    private func feedForwardBackward(
        _ layer: Int, _ lora: LoRAParameters?, _ gradients: Gradients
    ) {
        let tokens = memory.shape.tokens
        let activations = memory.layer(layer)
        let (gate, up) = (base + activations.gate, base + activations.up)
        let (activated, dactivated) = (base + memory.activated, base + memory.dactivated)
        let (normed, dnormed) = (base + memory.normed, base + memory.dnormed)
        let (middle, dstream) = (base + activations.middle, base + memory.dstream)
        let count = tokens * architecture.feedForwardWidth
        let norm = weights.layers[layer].feedForwardNorm

        // The gradient needs the input of `down`, which is computed again.
        SwiGLU.forward(gate: gate, up: up, count: count, into: activated)
        linear(
            .down, layer, lora, x: activated, dy: dstream, into: dactivated, gradients: gradients)
        SwiGLU.backward(gate: gate, up: up, dout: dactivated, count: count)
        norm.forward(middle, rows: tokens, into: normed)
        linear(.gate, layer, lora, x: normed, dy: gate, into: dnormed, gradients: gradients)
        linear(.up, layer, lora, x: normed, dy: up, adds: true, into: dnormed, gradients: gradients)
        norm.backward(
            middle, dy: dnormed, rows: tokens, into: dstream,
            dweight: gradients.weights?.of(norm.weight))
    }

    /// Through stream += output(attention(norm(stream))).
    private func attentionBackward(
        _ layer: Int, _ lora: LoRAParameters?, _ gradients: Gradients
    ) {
        let tokens = memory.shape.tokens
        let activations = memory.layer(layer)
        let (input, dstream) = (base + memory.input(layer), base + memory.dstream)
        let (normed, dattended) = (base + memory.normed, base + memory.dattended)
        let (dquery, dkey, dvalue) =
            (base + memory.dquery, base + memory.dkey, base + memory.dvalue)
        let norm = weights.layers[layer].attentionNorm
        // Below the first layer that is adapted everything is frozen.
        let isLast = lora.map { layer == $0.layout.firstLayer } ?? false
        let dnormed = isLast ? nil : base + memory.dnormed

        linear(
            .output, layer, lora, x: base + activations.attended, dy: dstream, into: dattended,
            gradients: gradients)
        architecture.attention.backward(
            queries: base + activations.query, keys: base + activations.key,
            values: base + activations.value, doutput: dattended, tokens: tokens,
            spans: sequence.spans, scratch: base + memory.attention, products: products,
            dqueries: dquery, dkeys: dkey, dvalues: dvalue)
        rotateBack(dquery, heads: architecture.heads)
        rotateBack(dkey, heads: architecture.keyValueHeads)
        norm.forward(input, rows: tokens, into: normed)
        linear(.query, layer, lora, x: normed, dy: dquery, into: dnormed, gradients: gradients)
        linear(
            .key, layer, lora, x: normed, dy: dkey, adds: true, into: dnormed, gradients: gradients)
        linear(
            .value, layer, lora, x: normed, dy: dvalue, adds: true, into: dnormed,
            gradients: gradients)
        if let dnormed {
            norm.backward(
                input, dy: dnormed, rows: tokens, into: dstream,
                dweight: gradients.weights?.of(norm.weight))
        }
    }

    private func rotateBack(_ dx: UnsafeMutablePointer<Float>, heads: Int) {
        sequence.positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            ropeTable.backward(
                dx, positions: positions, rows: memory.shape.tokens, heads: heads,
                interleaved: architecture.rotary.isInterleaved)
        }
    }
}
