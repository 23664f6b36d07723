import ADPOBase
import ADPOTensor

extension Family {
    /// GLM-4 of 2025: norms before and behind each branch, gate and up in one matrix, partial interleaved
    /// rotary embeddings.
    package static let glm4 = Family(
        name: "glm4", ggufName: "glm4",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(
                source, headWidth: source.kind == .gguf ? nil : 128, context: 131_072)
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1.5625e-7))
            let activation = try source.activation("hidden_act", default: "silu")
            let bias = ParameterBuilder.Bias.configured(
                try configuration.bool("attention_bias", default: true))
            var keys = RotaryEmbedding.Keys()
            keys.defaultPartial = 0.5

            func norm(
                _ build: inout ParameterBuilder, _ name: ParameterBuilder.Name
            ) -> NormLayer {
                build.norm(name, .rms, width: sizes.width, epsilon: epsilon)
            }
            return try Architecture(
                family: "glm4", source, sizes, rotaries: [try source.rotary(sizes, keys: keys)],
                norm: norm,
                layer: { (build, _) throws(ADPOError) in
                    let before = norm(&build, .inputNorm)
                    let attention = AttentionBlock(
                        &build, sizes.attention(), rotary: .interleaved, width: sizes.width,
                        bias: bias)
                    let after = norm(
                        &build, .init("post_self_attn_layernorm", "post_attention_norm"))
                    let innerBefore = norm(&build, .postAttentionNorm)
                    let inner = FeedForward(
                        activation: activation,
                        input: .fused(
                            build.linear(
                                .init("mlp.gate_up_proj", "ffn_up"), rows: 2 * sizes.inner,
                                columns: sizes.width)),
                        output: build.linear(
                            .init("mlp.down_proj", "ffn_down"), rows: sizes.width,
                            columns: sizes.inner))
                    let innerAfter = norm(&build, .init("post_mlp_layernorm", "post_ffw_norm"))
                    return Layer(
                        mixer: Branch(before: before, .attention(attention), after: after),
                        feedForward: Branch(
                            before: innerBefore, .feedForward(inner), after: innerAfter))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "glm4", class: "Glm4ForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            let sizes = try Sizes(architecture)
            sizes.write(to: &writer)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            writer.setHuggingFace(
                "attention_bias", .bool(architecture.attention?.projections.first?.bias != nil))
            try writer.setPartial(architecture.rotaries.first, sizes)
        })
}
