import ADPOBase
import ADPOTensor

extension Family {
    /// Nemotron and Minitron: LayerNorm by 1 + w, a plain feed-forward part with ReLU squared, partial rotary
    /// embeddings.
    package static let nemotron = Family(
        name: "nemotron", ggufName: "nemotron",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 4096)
            let epsilon = Float(try configuration.number(normEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "relu2")
            let attentionBias = ParameterBuilder.Bias.configured(
                try configuration.bool("attention_bias", default: false))
            let innerBias = ParameterBuilder.Bias.configured(
                try configuration.bool("mlp_bias", default: false))
            var keys = RotaryEmbedding.Keys()
            keys.defaultPartial = 0.5

            func norm(
                _ build: inout ParameterBuilder, _ name: ParameterBuilder.Name
            ) -> NormLayer {
                build.norm(
                    name, .layer, width: sizes.width, epsilon: epsilon, hasBias: true, offset: 1)
            }
            return try Architecture(
                family: "nemotron", source, sizes,
                rotaries: [try source.rotary(sizes, keys: keys)], norm: norm,
                layer: { (build, _) throws(ADPOError) in
                    let before = norm(&build, .inputNorm)
                    let attention = AttentionBlock(
                        &build, sizes.attention(), rotary: .halves, width: sizes.width,
                        bias: attentionBias, outputBias: attentionBias)
                    let between = norm(&build, .postAttentionNorm)
                    let inner = FeedForward(
                        &build, plain: activation, "up_proj", "down_proj", width: sizes.width,
                        inner: sizes.inner, bias: innerBias)
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .feedForward(inner)))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "nemotron", class: "NemotronForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .reluSquared)
            let sizes = try Sizes(architecture)
            sizes.write(to: &writer)
            try writer.refuseInGGUF("a tied head", if: architecture.hasTiedHead)
            writer.set(normEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            writer.setHuggingFace(
                "attention_bias", .bool(architecture.attention?.output.bias != nil))
            writer.setHuggingFace("mlp_bias", .bool(architecture.hasInnerBias))
            try writer.setPartial(architecture.rotaries.first, sizes)
        })
}

private let normEpsilon = ConfigurationKey("norm_eps", "attention.layer_norm_epsilon")
