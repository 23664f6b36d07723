import ADPOBase
import ADPOTensor

extension Family {
    /// Command R: LayerNorm without biases, which both branches of a layer see; interleaved RoPE, scaled
    /// logits, and in the large model a norm of each head with weights of its own.
    package static let cohere = Family(
        name: "cohere", ggufName: "command-r",
        read: { (source) throws(ADPOError) in
            let sizes = try Sizes(source, context: 8192)
            let hasNorms =
                source.kind == .gguf
                ? source.file.contains("blk.0.attn_q_norm.weight")
                : try source.configuration.bool("use_qk_norm", default: false)
            return try Architecture(
                cohere: "cohere", source, sizes, theta: 500_000, hasHeadNorms: hasNorms
            ) { _ in (sizes.attention(), .interleaved) }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setCohere(architecture, class: "CohereForCausalLM")
            let hasNorms = architecture.attention?.queryNorms.isEmpty == false
            writer.setHuggingFace("use_qk_norm", .bool(hasNorms))
            // llama.cpp has them in models of 64 layers and more.
            try writer.refuseInGGUF(
                "\(hasNorms ? "" : "no ")norms of heads in \(architecture.layers.count) layers",
                if: hasNorms != (architecture.layers.count >= 64))
        })
}

extension Architecture {
    /// What Command R and Command R7B have in common.
    ///
    /// - Parameters:
    ///   - theta: RoPE's base where a file does not say it.
    ///   - attention: The attention of a layer, and how it rotates.
    init(
        cohere family: String, _ source: ModelSource, _ sizes: Sizes, theta: Double,
        hasHeadNorms: Bool,
        attention: (_ layer: Int) -> (Attention, AttentionBlock.Rotary?)
    ) throws(ADPOError) {
        let configuration = source.configuration
        let epsilon = Float(try configuration.number(.layerNormEpsilon, default: 1e-5))
        let activation = try source.activation("hidden_act", default: "silu")
        let bias = ParameterBuilder.Bias.configured(
            try configuration.bool("attention_bias", default: false))
        var keys = RotaryEmbedding.Keys()
        keys.defaultBase = theta
        try self.init(
            family: family, source, sizes, tiedByDefault: true,
            rotaries: [try source.rotary(sizes, keys: keys)],
            norm: { $0.norm($1, .layer, width: sizes.width, epsilon: epsilon) },
            layer: { (build, index) throws(ADPOError) in
                let before = build.norm(.inputNorm, .layer, width: sizes.width, epsilon: epsilon)
                let (attention, rotary) = attention(index)
                var block = AttentionBlock(
                    &build, attention, rotary: rotary, width: sizes.width, bias: bias,
                    outputBias: bias)
                if hasHeadNorms {
                    block.queryNorms = build.headNorms(
                        .queryNorm, .layer, heads: sizes.heads, width: sizes.headWidth,
                        epsilon: epsilon)
                    block.keyNorms = build.headNorms(
                        .keyNorm, .layer, heads: sizes.keyValueHeads, width: sizes.headWidth,
                        epsilon: epsilon)
                }
                let inner = FeedForward(
                    &build, gated: activation, width: sizes.width, inner: sizes.inner)
                return Layer(
                    mixer: Branch(before: before, .attention(block)),
                    feedForward: Branch(.feedForward(inner)), isParallel: true)
            })
        logitScale = Float(try configuration.number(.logitScale, default: 0.0625))
    }
}

extension ConfigurationWriter {
    /// All but the windows and the norms of heads.
    mutating func setCohere(_ architecture: Architecture, class name: String) throws(ADPOError) {
        setHuggingFaceModel(architecture.family, class: name, isTied: architecture.hasTiedHead)
        try set(architecture.activation, "hidden_act", inGGUF: .silu)
        try Sizes(architecture).write(to: &self)
        set(.layerNormEpsilon, .number(Double(architecture.finalNorm.epsilon)))
        set(.logitScale, .number(Double(architecture.logitScale)))
        let hasBias = architecture.attention?.output.bias != nil
        setHuggingFace("attention_bias", .bool(hasBias))
        try refuseInGGUF("biases of the attention", if: hasBias)
        try refuseInGGUF("a head of its own", if: !architecture.hasTiedHead)
        try set(architecture.rotaries.first)
    }
}

extension ConfigurationKey {
    fileprivate static let logitScale = ConfigurationKey("logit_scale", "logit_scale")
}
