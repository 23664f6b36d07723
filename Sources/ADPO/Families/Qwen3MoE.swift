import ADPOBase
import ADPOTensor

extension Family {
    /// Qwen 3's mixtures: the attention of Qwen 3; in all layers, or some, experts instead of one
    /// feed-forward part.
    package static let qwen3MoE = Family(
        name: "qwen3_moe", ggufName: "qwen3moe",
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
                try configuration.bool("attention_bias", default: false))
            let mixture = try Mixture(
                source, Mixture.Keys(defaultExperts: 128, defaultTopK: 8),
                inner: try configuration.integer(.expertInner, default: 768),
                isNormalized: try configuration.bool(
                    "norm_topk_prob", default: source.kind == .gguf))
            return try Architecture(
                family: "qwen3_moe", source, sizes, rotaries: [try source.rotary(sizes)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, index) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    var attention = AttentionBlock(
                        &build, sizes.attention(), rotary: .halves, width: sizes.width,
                        bias: bias, outputBias: bias)
                    attention.addHeadNorms(&build, epsilon: epsilon)
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
                    guard try source.hasMixture(layer: index) else {
                        let inner = FeedForward(
                            &build, gated: activation, width: sizes.width, inner: sizes.inner)
                        return Layer(
                            mixer: Branch(before: before, .attention(attention)),
                            feedForward: Branch(before: between, .feedForward(inner)))
                    }
                    let experts = mixture.block(&build, width: sizes.width, router: .router) {
                        mixture.expert(&$0, $1, activation, width: sizes.width)
                    }
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .experts(experts)))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "qwen3_moe", class: "Qwen3MoeForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            try Sizes(architecture).write(to: &writer)
            if let mixture = architecture.mixture {
                try writer.set(mixture, isNormalizedInGGUF: true)
            }
            try writer.setDenseLayers(architecture)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            let hasBias = architecture.attention?.output.bias != nil
            writer.setHuggingFace("attention_bias", .bool(hasBias))
            try writer.refuseInGGUF("biases of the attention", if: hasBias)
            try writer.set(architecture.rotaries.first)
        })
}
