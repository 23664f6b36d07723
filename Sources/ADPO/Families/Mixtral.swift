import ADPOBase
import ADPOTensor

extension Family {
    /// Mixtral: llama whose feed-forward parts are mixtures of experts. In GGUF files it is a llama with
    /// experts.
    package static let mixtral = Family(
        name: "mixtral", ggufName: "llama",
        isGGUF: { ($0["llama.expert_count"]?.integer ?? 0) > 0 },
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, context: 4096 * 32, epsilon: 1e-5)
            // llama.cpp knows none in this family.
            let window = source.kind == .gguf ? nil : try source.window()
            let mixture = try Mixture(
                source,
                Mixture.Keys(experts: .experts, topK: .topK, defaultExperts: 8, defaultTopK: 2),
                inner: llama.sizes.inner, isNormalized: true)
            return try llama.architecture("mixtral", base: 1_000_000) { (build, _) in
                llama.layer(&build) { build in
                    llama.interleavedAttention(&build, window: window)
                } inner: { build in
                    .experts(
                        mixture.block(
                            &build, width: llama.sizes.width,
                            router: .init(
                                "block_sparse_moe.gate", "ffn_gate_inp", newer: "mlp.gate")
                        ) { build, index in
                            mixture.expert(
                                &build, index, llama.activation, width: llama.sizes.width,
                                module: "block_sparse_moe.experts", names: ("w1", "w3", "w2"))
                        })
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "mixtral", class: "MixtralForCausalLM")
            if let mixture = architecture.mixture {
                writer.set(.experts, .integer(mixture.experts.count))
                writer.set(.topK, .integer(mixture.topK))
            }
            try writer.setWindow(architecture.attention?.attention.window)
        })
}

extension ConfigurationKey {
    fileprivate static let experts = ConfigurationKey("num_local_experts", "expert_count")
    fileprivate static let topK = ConfigurationKey("num_experts_per_tok", "expert_used_count")
}
