import ADPOBase
import ADPOTensor

extension Family {
    /// Qwen 1.5's and 2's mixtures: biases of queries, keys and values; beside the experts, one that all
    /// tokens go to.
    package static let qwen2MoE = Family(
        name: "qwen2_moe", ggufName: "qwen2moe",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 32768)
            if try configuration.bool("use_sliding_window", default: false) {
                throw ADPOError(
                    .unsupported, "\(source.path): \"use_sliding_window\" is not supported")
            }
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-6))
            let activation = try source.activation("hidden_act", default: "silu")
            let bias = ParameterBuilder.Bias.configured(
                try configuration.bool("qkv_bias", default: true))
            let mixture = try Mixture(
                source, Mixture.Keys(defaultExperts: 60, defaultTopK: 4),
                inner: try configuration.integer(.expertInner, default: 1408),
                isNormalized: try configuration.bool("norm_topk_prob", default: false))
            let shared = try configuration.integer(
                .sharedInner, default: source.kind == .gguf ? sizes.inner : 5632)
            guard (1...1 << 22).contains(shared) else {
                throw ADPOError(
                    .format, "\(source.path): impossible width of the shared expert: \(shared)")
            }
            return try Architecture(
                family: "qwen2_moe", source, sizes, rotaries: [try source.rotary(sizes)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, index) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let attention = AttentionBlock(
                        &build, sizes.attention(), rotary: .halves, width: sizes.width,
                        bias: bias)
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
                    guard try source.hasMixture(layer: index) else {
                        let inner = FeedForward(
                            &build, gated: activation, width: sizes.width, inner: sizes.inner)
                        return Layer(
                            mixer: Branch(before: before, .attention(attention)),
                            feedForward: Branch(before: between, .feedForward(inner)))
                    }
                    let experts = mixture.block(
                        &build, width: sizes.width, router: .router,
                        shared: SharedExpert(
                            gate: build.linear(
                                .init("mlp.shared_expert_gate", "ffn_gate_inp_shexp"), rows: 1,
                                columns: sizes.width),
                            feedForward: FeedForward(
                                &build, gated: activation, width: sizes.width, inner: shared,
                                module: "mlp.shared_expert", suffix: "_shexp"))
                    ) {
                        mixture.expert(&$0, $1, activation, width: sizes.width)
                    }
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .experts(experts)))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "qwen2_moe", class: "Qwen2MoeForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            try Sizes(architecture).write(to: &writer)
            if let mixture = architecture.mixture {
                try writer.set(mixture, isNormalizedInGGUF: false)
                writer.set(.sharedInner, .integer(mixture.shared?.feedForward.width ?? 0))
            }
            try writer.setDenseLayers(architecture)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            let hasBias = architecture.attention?.projections.first?.bias != nil
            writer.setHuggingFace("qkv_bias", .bool(hasBias))
            try writer.refuseInGGUF("no biases of queries, keys and values", if: !hasBias)
            try writer.set(architecture.rotaries.first)
        })
}

extension ConfigurationKey {
    fileprivate static let sharedInner = ConfigurationKey(
        "shared_expert_intermediate_size", "expert_shared_feed_forward_length")
}
