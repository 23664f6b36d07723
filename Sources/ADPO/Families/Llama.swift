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
            let llama = try LlamaLike(source, context: 2048)
            let bias = try source.bias("attention_bias")
            let innerBias = try source.bias("mlp_bias")
            return try llama.architecture("llama") { (build, _) in
                llama.layer(&build, innerBias: innerBias) { build in
                    llama.interleavedAttention(&build, bias: bias)
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "llama", class: "LlamaForCausalLM")
            writer.setAttentionBias(architecture)
            writer.setHuggingFace("mlp_bias", .bool(architecture.hasInnerBias))
        })
}

extension LlamaLike {
    /// The attention of families whose queries and keys llama.cpp's converter interleaves.
    ///
    /// - Parameter scale: That of the scores; nil: 1 / sqrt(headWidth).
    func interleavedAttention(
        _ build: inout ParameterBuilder, scale: Float? = nil, window: Int? = nil,
        bias: ParameterBuilder.Bias = .none
    ) -> AttentionBlock {
        AttentionBlock(
            &build, sizes.attention(scale: scale, window: window), rotary: .llama(source),
            width: sizes.width, bias: bias, outputBias: bias,
            order: .llama(headWidth: sizes.headWidth))
    }
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
