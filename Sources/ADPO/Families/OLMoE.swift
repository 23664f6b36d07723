import ADPOBase
import ADPOTensor

extension Family {
    /// OLMoE: llama with norms of all queries and all keys of a token, and experts.
    package static let olmoe = Family(
        name: "olmoe", ggufName: "olmoe",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 4096)
            if configuration.contains("clip_qkv") || configuration.contains("attention.clamp_kqv") {
                throw ADPOError(.unsupported, "\(source.path): \"clip_qkv\" is not supported")
            }
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "silu")
            let bias = ParameterBuilder.Bias.configured(
                try configuration.bool("attention_bias", default: false))
            let mixture = try Mixture(
                source, Mixture.Keys(defaultExperts: 64, defaultTopK: 8), inner: sizes.inner,
                isNormalized: try configuration.bool("norm_topk_prob", default: false))
            return try Architecture(
                family: "olmoe", source, sizes, rotaries: [try source.rotary(sizes)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    var attention = AttentionBlock(
                        &build, sizes.attention(), rotary: .halves, width: sizes.width,
                        bias: bias, outputBias: bias)
                    attention.addWholeNorms(&build, epsilon: epsilon)
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
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
                "olmoe", class: "OlmoeForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            let sizes = try Sizes(architecture)
            sizes.write(to: &writer)
            try writer.refuseInGGUF(
                "fewer key-value heads than attention heads", if: sizes.heads != sizes.keyValueHeads
            )
            try writer.refuseInGGUF("a tied head", if: architecture.hasTiedHead)
            if let mixture = architecture.mixture {
                try writer.set(mixture, isNormalizedInGGUF: false)
            }
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            let hasBias = architecture.attention?.output.bias != nil
            writer.setHuggingFace("attention_bias", .bool(hasBias))
            try writer.refuseInGGUF("biases of the attention", if: hasBias)
            try writer.set(architecture.rotaries.first)
        })
}
