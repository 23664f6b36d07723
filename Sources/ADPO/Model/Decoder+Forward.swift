import ADPOTensor
import CKernels

extension Decoder {
    /// Computes the hidden states of a sequence, with the model's weights or others of the same
    /// shapes, and with LoRA matrices when there are some.
    ///
    /// With a cache, keys and values go there, behind those that it holds, and the sequence is one
    /// span that continues the cached text.
    ///
    /// - Throws: `.outOfMemory`.
    func forward(
        _ sequence: PackedSequence, weights: Weights? = nil, lora: LoRAParameters?,
        isTraining: Bool = false, cache: KeyValueCache? = nil
    ) throws(ADPOError) {
        try prepare(sequence, weights: weights, lora, isTraining: isTraining)
        try cache?.reserve(sequence.tokens.count)
        embed()
        for layer in 0..<architecture.layers {
            attentionForward(layer, lora, cache)
            feedForwardForward(layer, lora)
        }
        cache?.advance(by: sequence.tokens.count)
    }

    /// y = x W^T + bias, with what the adapter changes; adds to y when `adds`.
    private func linear(
        _ linear: LinearLayer, _ layer: Int, _ x: Rows, _ lora: LoRAParameters?,
        adds: Bool = false, into y: UnsafeMutablePointer<Float>
    ) {
        let weights = self.weights.layers[layer][linear]
        if let adapted = adapted(linear, layer, lora) {
            adapted.forward(x, adds: adds, into: y)
        } else {
            weights.weight.multiply(x, beta: adds ? 1 : 0, into: y, scratch: products)
        }
        if let bias = weights.bias {
            adpo_add_bias(y, bias.pointer, memory.shape.tokens, bias.count)
        }
    }

    /// The input of linear layers, [tokens, width].
    func rows(_ x: UnsafePointer<Float>, width: Int) -> Rows {
        products.rows(x, count: memory.shape.tokens, width: width)
    }

    /// A linear layer with its adapter; nil when it has none.
    func adapted(
        _ linear: LinearLayer, _ layer: Int, _ lora: LoRAParameters?
    ) -> AdaptedLinear? {
        let shape = memory.shape
        let hidden = memory.layer(layer).loraHidden + linear.rawValue * shape.tokens * shape.rank
        return lora?.update(of: linear, layer: layer).map { update in
            AdaptedLinear(
                weights.layers[layer][linear].weight, update, hidden: base + hidden,
                input: base + memory.dropped, output: base + memory.decomposed, scratch: products)
        }
    }

    private func embed() {
        let width = architecture.width
        let stream = base + memory.stream
        for (row, token) in sequence.tokens.enumerated() {
            weights.embedding.decode(row: Int(token), into: stream + row * width)
        }
    }

    /// Computes a layer's activations again, from the input that the forward pass kept.
    func recompute(_ layer: Int, _ lora: LoRAParameters?) {
        let stream = base + memory.stream
        stream.update(
            from: base + memory.input(layer), count: memory.shape.tokens * architecture.width)
        attentionForward(layer, lora, nil)
        feedForwardForward(layer, lora)
    }

    /// stream += output(attention(norm(stream)))
    private func attentionForward(_ layer: Int, _ lora: LoRAParameters?, _ cache: KeyValueCache?) {
        let (tokens, width) = (memory.shape.tokens, architecture.width)
        let activations = memory.layer(layer)
        let (stream, normed) = (base + memory.stream, base + memory.normed)
        let query = base + activations.query
        // All that the queries see, and where the keys and values of these tokens go.
        let keys = cache?.keys(layer) ?? base + activations.key
        let values = cache?.values(layer) ?? base + activations.value
        let past = (cache?.count ?? 0) * architecture.keyWidth

        if memory.shape.isTraining {
            (base + memory.input(layer)).update(from: stream, count: tokens * width)
        }
        weights.layers[layer].attentionNorm.forward(stream, rows: tokens, into: normed)
        let x = rows(normed, width: width)
        linear(.query, layer, x, lora, into: query)
        linear(.key, layer, x, lora, into: keys + past)
        linear(.value, layer, x, lora, into: values + past)
        rotate(query, heads: architecture.heads)
        rotate(keys + past, heads: architecture.keyValueHeads)
        architecture.attention.forward(
            queries: query, keys: keys, values: values, spans: sequence.spans,
            scratch: base + memory.attention, products: products, into: base + activations.attended)
        let attended = rows(base + activations.attended, width: architecture.queryWidth)
        linear(.output, layer, attended, lora, adds: true, into: stream)
    }

    private func rotate(_ x: UnsafeMutablePointer<Float>, heads: Int) {
        sequence.positions.withUnsafeBufferPointer { positions in
            guard let positions = positions.baseAddress else { return }
            ropeTable.forward(
                x, positions: positions, rows: memory.shape.tokens, heads: heads,
                interleaved: architecture.rotary.isInterleaved)
        }
    }

    /// stream += down(silu(gate(norm(stream))) * up(norm(stream)))
    private func feedForwardForward(_ layer: Int, _ lora: LoRAParameters?) {
        let (tokens, width) = (memory.shape.tokens, architecture.width)
        let activations = memory.layer(layer)
        let (stream, normed) = (base + memory.stream, base + memory.normed)
        let (gate, up) = (base + activations.gate, base + activations.up)
        let activated = base + memory.activated

        if memory.shape.isTraining {
            (base + activations.middle).update(from: stream, count: tokens * width)
        }
        weights.layers[layer].feedForwardNorm.forward(stream, rows: tokens, into: normed)
        let x = rows(normed, width: width)
        linear(.gate, layer, x, lora, into: gate)
        linear(.up, layer, x, lora, into: up)
        SwiGLU.forward(
            gate: gate, up: up, count: tokens * architecture.feedForwardWidth, into: activated)
        linear(
            .down, layer, rows(activated, width: architecture.feedForwardWidth), lora, adds: true,
            into: stream)
    }
}
