import ADPOBase
import ADPOTensor

extension Family {
    /// OLMo 2: llama with norms behind each branch alone, and of all queries and all keys of a token.
    package static let olmo2 = Family(
        name: "olmo2", ggufName: "olmo2",
        isGGUF: { ($0["olmo2.attention.sliding_window"]?.integer ?? 0) == 0 },
        read: { (source) throws(ADPOError) in
            let sizes = try Sizes(source, context: 2048)
            return try Architecture(
                olmo: "olmo2", source, sizes, rotaries: [try source.rotary(sizes)]
            ) { _ in (sizes.attention(), .halves) }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setOLMo(architecture, class: "Olmo2ForCausalLM")
            try writer.set(architecture.rotaries.first)
        })
}

extension Architecture {
    /// What OLMo 2 and 3 have in common.
    ///
    /// - Parameter attention: The attention of a layer, and how it rotates.
    init(
        olmo family: String, _ source: ModelSource, _ sizes: Sizes, rotaries: [RotaryEmbedding],
        attention: (_ layer: Int) -> (Attention, AttentionBlock.Rotary)
    ) throws(ADPOError) {
        let configuration = source.configuration
        let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-5))
        let activation = try source.activation("hidden_act", default: "silu")
        let bias = ParameterBuilder.Bias.configured(
            try configuration.bool("attention_bias", default: false))
        try self.init(
            family: family, source, sizes, rotaries: rotaries,
            norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
            layer: { (build, index) throws(ADPOError) in
                let (attention, rotary) = attention(index)
                var block = AttentionBlock(
                    &build, attention, rotary: rotary, width: sizes.width, bias: bias,
                    outputBias: bias)
                block.addWholeNorms(&build, epsilon: epsilon)
                let after = build.norm(
                    .afterAttention, .rms, width: sizes.width, epsilon: epsilon)
                let inner = FeedForward(
                    &build, gated: activation, width: sizes.width, inner: sizes.inner)
                let last = build.norm(
                    .afterFeedForward, .rms, width: sizes.width, epsilon: epsilon)
                return Layer(
                    mixer: Branch(.attention(block), after: after),
                    feedForward: Branch(.feedForward(inner), after: last))
            })
    }
}

extension ConfigurationWriter {
    /// All but the windows and RoPE.
    mutating func setOLMo(_ architecture: Architecture, class name: String) throws(ADPOError) {
        setHuggingFaceModel(architecture.family, class: name, isTied: architecture.hasTiedHead)
        try set(architecture.activation, "hidden_act", inGGUF: .silu)
        try Sizes(architecture).write(to: &self)
        set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
        let hasBias = architecture.attention?.output.bias != nil
        setHuggingFace("attention_bias", .bool(hasBias))
        try refuseInGGUF("biases of the attention", if: hasBias)
        try refuseInGGUF("a tied head", if: architecture.hasTiedHead)
    }
}
