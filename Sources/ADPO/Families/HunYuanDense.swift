import ADPOBase
import ADPOTensor

extension Family {
    /// HunYuan's dense models: llama with a norm of each head of queries and keys behind RoPE, whose base
    /// grows by a fixed factor (NTK-aware, with "alpha").
    package static let hunYuanDense = Family(
        name: "hunyuan_v1_dense", ggufName: "hunyuan-dense",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, context: 2048, epsilon: 1e-5)
            let bias = try source.bias("attention_bias")
            var architecture = try llama.architecture("hunyuan_v1_dense") { (build, _) in
                llama.layer(&build) { build in
                    var attention = llama.attention(
                        &build, llama.sizes.attention(), bias: bias, outputBias: bias)
                    attention.addHeadNorms(
                        &build, query: .init("self_attn.query_layernorm", "attn_q_norm"),
                        key: .init("self_attn.key_layernorm", "attn_k_norm"),
                        epsilon: llama.epsilon)
                    attention.rotatesBeforeNorms = true
                    return attention
                }
            }
            architecture.rotaries = architecture.rotaries.map { $0.stretched(source) }
            return architecture
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(
                architecture, "hunyuan_v1_dense", class: "HunYuanDenseV1ForCausalLM")
            writer.setAttentionBias(architecture)
            try writer.refuseBiasesInGGUF(architecture)
        })
}

extension RotaryEmbedding {
    /// "dynamic" with an alpha has the same frequencies for all texts: those of a larger base, which is
    /// what GGUF files have.
    fileprivate func stretched(_ source: ModelSource) -> RotaryEmbedding {
        let members = [source.json["rope_parameters"], source.json["rope_scaling"]]
        guard case .dynamic = scaling, width > 2,
            let alpha = members.lazy.compactMap({ $0?["alpha"]?.positiveNumber }).first
        else { return self }
        return RotaryEmbedding(
            base: base * pow(alpha, Double(width) / Double(width - 2)), width: width)
    }
}
