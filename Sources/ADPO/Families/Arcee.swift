import ADPOBase
import ADPOTensor

extension Family {
    /// Arcee's AFM: llama with a plain feed-forward part, whose activation is ReLU squared.
    package static let arcee = Family(
        name: "arcee", ggufName: "arcee",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 4096)
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "relu2")
            let attentionBias = ParameterBuilder.Bias.configured(
                try configuration.bool("attention_bias", default: false))
            let innerBias = ParameterBuilder.Bias.configured(
                try configuration.bool("mlp_bias", default: false))
            return try Architecture(
                family: "arcee", source, sizes, rotaries: [try source.rotary(sizes)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let attention = AttentionBlock(
                        &build, sizes.attention(), rotary: .llama(source), width: sizes.width,
                        bias: attentionBias, outputBias: attentionBias,
                        order: .llama(headWidth: sizes.headWidth))
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
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
                "arcee", class: "ArceeForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .reluSquared)
            try Sizes(architecture).write(to: &writer)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            let hasBias = architecture.attention?.output.bias != nil
            writer.setHuggingFace("attention_bias", .bool(hasBias))
            writer.setHuggingFace("mlp_bias", .bool(architecture.hasInnerBias))
            try writer.refuseInGGUF("biases", if: hasBias || architecture.hasInnerBias)
            try writer.set(architecture.rotaries.first)
        })
}
