import ADPOTensor

extension AttentionBlock {
    /// With linear layers of their own for queries, keys and values.
    package init(
        _ build: inout ParameterBuilder, _ attention: Attention, rotary: Rotary?, width: Int,
        bias: ParameterBuilder.Bias = .none, outputBias: ParameterBuilder.Bias = .none,
        order: OrderInFiles = .plain, outputName: String = "o_proj"
    ) {
        let (heads, keys) = (attention.heads, attention.keyValueHeads)
        let headWidth = attention.headWidth
        projections = [
            build.linear(
                .init("self_attn.q_proj", "attn_q"), rows: heads * headWidth, columns: width,
                bias: bias, order: order),
            build.linear(
                .init("self_attn.k_proj", "attn_k"), rows: keys * headWidth, columns: width,
                bias: bias, order: order),
            build.linear(
                .init("self_attn.v_proj", "attn_v"), rows: keys * headWidth, columns: width,
                bias: bias),
        ]
        query = Part(projection: 0, offset: 0, headStride: headWidth)
        key = Part(projection: 1, offset: 0, headStride: headWidth)
        value = Part(projection: 2, offset: 0, headStride: headWidth)
        output = build.linear(
            .init("self_attn.\(outputName)", "attn_output"), rows: width,
            columns: heads * headWidth, bias: outputBias)
        self.attention = attention
        self.rotary = rotary
    }

    /// With one linear layer for queries, keys and values.
    ///
    /// - Parameter isPerHead: The query, key and value of a head stand together.
    package init(
        fused: LinearLayer, isPerHead: Bool = false, output: LinearLayer, _ attention: Attention,
        rotary: Rotary?
    ) {
        let headWidth = attention.headWidth
        let queryWidth = attention.heads * headWidth
        let keyWidth = attention.keyValueHeads * headWidth
        func part(_ index: Int, _ offset: Int) -> Part {
            isPerHead
                ? Part(projection: 0, offset: index * headWidth, headStride: 3 * headWidth)
                : Part(projection: 0, offset: offset, headStride: headWidth)
        }
        projections = [fused]
        query = part(0, 0)
        key = part(1, queryWidth)
        value = part(2, queryWidth + keyWidth)
        self.output = output
        self.attention = attention
        self.rotary = rotary
    }

    /// Adds norms of each head of queries and keys, as Qwen 3 and Gemma 3 have them.
    package mutating func addHeadNorms(
        _ build: inout ParameterBuilder, query: ParameterBuilder.Name = .queryNorm,
        key: ParameterBuilder.Name = .keyNorm, epsilon: Float, offset: Float = 0
    ) {
        let width = attention.headWidth
        queryNorms = [build.norm(query, .rms, width: width, epsilon: epsilon, offset: offset)]
        keyNorms = [build.norm(key, .rms, width: width, epsilon: epsilon, offset: offset)]
    }

    /// Adds norms of all queries and of all keys of a token at once, as OLMo 2 has them.
    package mutating func addWholeNorms(_ build: inout ParameterBuilder, epsilon: Float) {
        queryNorms = [build.norm(.queryNorm, .rms, width: queryWidth, epsilon: epsilon)]
        keyNorms = [build.norm(.keyNorm, .rms, width: keyWidth, epsilon: epsilon)]
    }
}

extension ParameterBuilder.Name {
    package static let queryNorm = Self("self_attn.q_norm", "attn_q_norm")
    package static let keyNorm = Self("self_attn.k_norm", "attn_k_norm")
}
