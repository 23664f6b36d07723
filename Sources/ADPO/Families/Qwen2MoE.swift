import ADPOBase
import ADPOTensor

extension Family {
    /// Qwen 1.5's and 2's mixtures: biases of queries, keys and values; beside the experts, one that all
    /// tokens go to.
    package static let qwen2MoE = Family(
        name: "qwen2_moe", ggufName: "qwen2moe",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let llama = try LlamaLike(source, context: 32768)
            try source.refuseSlidingWindow()
            let bias = try source.bias("qkv_bias", default: true)
            let mixture = try Mixture(
                source, Mixture.Keys(defaultExperts: 60, defaultTopK: 4),
                inner: try configuration.integer(.expertInner, default: 1408),
                isNormalized: try configuration.bool("norm_topk_prob", default: false))
            let shared = try configuration.integer(
                .sharedInner, default: source.kind == .gguf ? llama.sizes.inner : 5632)
            guard (1...1 << 22).contains(shared) else {
                throw ADPOError(
                    .format, "\(source.path): impossible width of the shared expert: \(shared)")
            }
            let hasMixture = try source.layersWithMixture(llama.sizes.layers)
            return try llama.architecture("qwen2_moe") { (build, index) in
                llama.layer(&build) { build in
                    llama.attention(&build, llama.sizes.attention(), bias: bias)
                } inner: { build in
                    guard hasMixture[index] else { return llama.feedForward(&build) }
                    let shared = SharedExpert(&build, llama, inner: shared)
                    return llama.experts(&build, mixture, shared: shared)
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "qwen2_moe", class: "Qwen2MoeForCausalLM")
            if let mixture = architecture.mixture {
                try writer.set(mixture, isNormalizedInGGUF: false)
                writer.set(.sharedInner, .integer(mixture.shared?.feedForward.width ?? 0))
            }
            try writer.setDenseLayers(architecture)
            writer.setAttentionBias(architecture, "qkv_bias")
            try writer.refuseInGGUF(
                "no biases of queries, keys and values",
                if: architecture.attention?.projections.first?.bias == nil)
        })
}

extension SharedExpert {
    fileprivate init(_ build: inout ParameterBuilder, _ llama: LlamaLike, inner: Int) {
        let width = llama.sizes.width
        self.init(
            gate: build.linear(
                .init("mlp.shared_expert_gate", "ffn_gate_inp_shexp"), rows: 1, columns: width),
            feedForward: FeedForward(
                &build, gated: llama.activation, width: width, inner: inner,
                module: "mlp.shared_expert", suffix: "_shexp"))
    }
}

extension ConfigurationKey {
    fileprivate static let sharedInner = ConfigurationKey(
        "shared_expert_intermediate_size", "expert_shared_feed_forward_length")
}
