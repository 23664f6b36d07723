import ADPOBase
import ADPOTensor

extension Family {
    /// Qwen 3's mixtures: the attention of Qwen 3; in all layers, or some, experts instead of one
    /// feed-forward part.
    package static let qwen3MoE = Family(
        name: "qwen3_moe", ggufName: "qwen3moe",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let llama = try LlamaLike(source, context: 32768)
            try source.refuseSlidingWindow()
            let bias = try source.bias("attention_bias")
            let mixture = try Mixture(
                source, Mixture.Keys(defaultExperts: 128, defaultTopK: 8),
                inner: try configuration.integer(.expertInner, default: 768),
                isNormalized: try configuration.bool(
                    "norm_topk_prob", default: source.kind == .gguf))
            let hasMixture = try source.layersWithMixture(llama.sizes.layers)
            return try llama.architecture("qwen3_moe") { (build, index) in
                llama.layer(&build) { build in
                    var attention = llama.attention(
                        &build, llama.sizes.attention(), bias: bias, outputBias: bias)
                    attention.addHeadNorms(&build, epsilon: llama.epsilon)
                    return attention
                } inner: { build in
                    hasMixture[index]
                        ? llama.experts(&build, mixture) : llama.feedForward(&build)
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "qwen3_moe", class: "Qwen3MoeForCausalLM")
            if let mixture = architecture.mixture {
                try writer.set(mixture, isNormalizedInGGUF: true)
            }
            try writer.setDenseLayers(architecture)
            writer.setAttentionBias(architecture)
            try writer.refuseBiasesInGGUF(architecture)
        })
}
