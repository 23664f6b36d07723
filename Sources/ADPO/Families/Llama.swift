import ADPOBase
import ADPOTensor

extension Family {
    /// Llama 1 to 3.x, and what shares its architecture: SmolLM2, TinyLlama, DeepSeek-Math, Yi.
    ///
    /// RMSNorm before attention and feed-forward layer, grouped-query attention, RoPE, SwiGLU.
    package static let llama = Family(
        name: "llama", ggufName: "llama",
        isGGUF: { ($0["llama.expert_count"]?.integer ?? 0) == 0 },
        read: { (source) throws(ADPOError) in
            let sizes = try Sizes(source, context: 2048)
            let configuration = source.configuration
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-6))
            let activation = try source.activation("hidden_act", default: "silu")
            let attentionBias = ParameterBuilder.Bias.configured(
                try configuration.bool("attention_bias", default: false))
            let innerBias = ParameterBuilder.Bias.configured(
                try configuration.bool("mlp_bias", default: false))
            return try Architecture(
                family: "llama", source, sizes, rotaries: [try source.rotary(sizes)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let attention = AttentionBlock(
                        &build, sizes.attention(), rotary: .llama(source), width: sizes.width,
                        bias: attentionBias, outputBias: attentionBias,
                        order: .llama(headWidth: sizes.headWidth))
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let inner = FeedForward(
                        &build, gated: activation, width: sizes.width, inner: sizes.inner,
                        bias: innerBias)
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .feedForward(inner)))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "llama", class: "LlamaForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            try Sizes(architecture).write(to: &writer)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            writer.setHuggingFace(
                "attention_bias", .bool(architecture.attention?.output.bias != nil))
            writer.setHuggingFace("mlp_bias", .bool(architecture.hasInnerBias))
            try writer.set(architecture.rotaries.first)
        })
}

extension AttentionBlock.Rotary {
    /// llama.cpp's converter interleaves the halves of heads of the llama family.
    static func llama(_ source: ModelSource) -> AttentionBlock.Rotary {
        AttentionBlock.Rotary(table: 0, isInterleaved: source.kind == .gguf)
    }
}

extension OrderInFiles {
    static func llama(headWidth: Int) -> OrderInFiles {
        OrderInFiles(gguf: .interleaved(headWidth: headWidth))
    }
}
