import ADPOBase
import ADPOTensor

extension Family {
    /// OLMoE: llama with norms of all queries and all keys of a token, and experts.
    package static let olmoe = Family(
        name: "olmoe", ggufName: "olmoe",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let llama = try LlamaLike(source, context: 4096, epsilon: 1e-5)
            if configuration.contains("clip_qkv") || configuration.contains("attention.clamp_kqv") {
                throw ADPOError(.unsupported, "\(source.path): \"clip_qkv\" is not supported")
            }
            let bias = try source.bias("attention_bias")
            let mixture = try Mixture(
                source, Mixture.Keys(defaultExperts: 64, defaultTopK: 8),
                inner: llama.sizes.inner,
                isNormalized: try configuration.bool("norm_topk_prob", default: false))
            return try llama.architecture("olmoe") { (build, _) in
                llama.layer(&build) { build in
                    var attention = llama.attention(
                        &build, llama.sizes.attention(), bias: bias, outputBias: bias)
                    attention.addWholeNorms(&build, epsilon: llama.epsilon)
                    return attention
                } inner: { build in
                    llama.experts(&build, mixture)
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "olmoe", class: "OlmoeForCausalLM")
            let sizes = try Sizes(architecture)
            try writer.refuseInGGUF(
                "fewer key-value heads than attention heads", if: sizes.heads != sizes.keyValueHeads
            )
            try writer.refuseInGGUF("a tied head", if: architecture.hasTiedHead)
            if let mixture = architecture.mixture {
                try writer.set(mixture, isNormalizedInGGUF: false)
            }
            writer.setAttentionBias(architecture)
            try writer.refuseBiasesInGGUF(architecture)
        })
}
