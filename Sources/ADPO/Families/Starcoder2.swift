import ADPOBase
import ADPOTensor

extension Family {
    /// StarCoder 2: LayerNorm with biases, a plain feed-forward part, biases everywhere unless the file says
    /// no, and in some models a window.
    package static let starcoder2 = Family(
        name: "starcoder2", ggufName: "starcoder2",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 4096)
            let epsilon = Float(try configuration.number(normEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "gelu_pytorch_tanh")
            // llama.cpp knows none in this family.
            let window = source.kind == .gguf ? nil : try source.window()
            let bias = ParameterBuilder.Bias.configured(
                try configuration.bool("use_bias", default: true))
            return try Architecture(
                family: "starcoder2", source, sizes, tiedByDefault: true,
                rotaries: [try source.rotary(sizes)],
                norm: {
                    $0.norm($1, .layer, width: sizes.width, epsilon: epsilon, hasBias: true)
                },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .layer, width: sizes.width, epsilon: epsilon, hasBias: true)
                    let attention = AttentionBlock(
                        &build, sizes.attention(window: window), rotary: .halves,
                        width: sizes.width, bias: bias, outputBias: bias)
                    let between = build.norm(
                        .postAttentionNorm, .layer, width: sizes.width, epsilon: epsilon,
                        hasBias: true)
                    let inner = FeedForward(
                        &build, plain: activation, "c_fc", "c_proj", width: sizes.width,
                        inner: sizes.inner, bias: bias)
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .feedForward(inner)))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "starcoder2", class: "Starcoder2ForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .geluTanh)
            try Sizes(architecture).write(to: &writer)
            writer.set(normEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            writer.setHuggingFace("use_bias", .bool(architecture.hasInnerBias))
            try writer.refuseInGGUF("no biases", if: !architecture.hasInnerBias)
            try writer.setWindow(architecture.attention?.attention.window)
            try writer.set(architecture.rotaries.first)
        })
}

private let normEpsilon = ConfigurationKey("norm_epsilon", "attention.layer_norm_epsilon")
