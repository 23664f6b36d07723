import ADPOBase
import ADPOTensor

extension Family {
    /// Mixtral: llama whose feed-forward parts are mixtures of experts. In GGUF files it is a llama with
    /// experts.
    package static let mixtral = Family(
        name: "mixtral", ggufName: "llama",
        isGGUF: { ($0["llama.expert_count"]?.integer ?? 0) > 0 },
        read: { (source) throws(ADPOError) in
            let sizes = try Sizes(source, context: 4096 * 32)
            let configuration = source.configuration
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "silu")
            // llama.cpp knows none in this family.
            let window = source.kind == .gguf ? nil : try source.window()
            let mixture = try Mixture(
                source,
                Mixture.Keys(experts: .experts, topK: .topK, defaultExperts: 8, defaultTopK: 2),
                inner: sizes.inner, isNormalized: true)
            var keys = RotaryEmbedding.Keys()
            keys.defaultBase = 1_000_000
            return try Architecture(
                family: "mixtral", source, sizes,
                rotaries: [try source.rotary(sizes, keys: keys)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let attention = AttentionBlock(
                        &build, sizes.attention(window: window), rotary: .llama(source),
                        width: sizes.width, order: .llama(headWidth: sizes.headWidth))
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let block = mixture.block(
                        &build, width: sizes.width,
                        router: .init(
                            "block_sparse_moe.gate", "ffn_gate_inp", newer: "mlp.gate")
                    ) { build, index in
                        mixture.expert(
                            &build, index, activation, width: sizes.width,
                            module: "block_sparse_moe.experts", names: ("w1", "w3", "w2"))
                    }
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .experts(block)))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "mixtral", class: "MixtralForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            try Sizes(architecture).write(to: &writer)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            if case .experts(let block) = architecture.layers.first?.feedForward.block {
                writer.set(.experts, .integer(block.experts.count))
                writer.set(.topK, .integer(block.topK))
            }
            try writer.setWindow(architecture.attention?.attention.window)
            try writer.set(architecture.rotaries.first)
        })
}

extension ConfigurationKey {
    fileprivate static let experts = ConfigurationKey("num_local_experts", "expert_count")
    fileprivate static let topK = ConfigurationKey("num_experts_per_tok", "expert_used_count")
}
