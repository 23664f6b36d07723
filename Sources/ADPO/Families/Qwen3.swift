import ADPOBase
import ADPOTensor

extension Family {
    /// Qwen 3: llama with a norm of each head of queries and keys.
    package static let qwen3 = Family(
        name: "qwen3", ggufName: "qwen3",
        read: { (source) throws(ADPOError) in
            let sizes = try Sizes(source, headWidth: 128, context: 32768)
            let configuration = source.configuration
            if try configuration.bool("use_sliding_window", default: false) {
                throw ADPOError(
                    .unsupported, "\(source.path): \"use_sliding_window\" is not supported")
            }
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-6))
            let activation = try source.activation("hidden_act", default: "silu")
            let bias = ParameterBuilder.Bias.configured(
                try configuration.bool("attention_bias", default: false))
            return try Architecture(
                family: "qwen3", source, sizes, rotaries: [try source.rotary(sizes)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    var attention = AttentionBlock(
                        &build, sizes.attention(),
                        rotary: AttentionBlock.Rotary(table: 0, isInterleaved: false),
                        width: sizes.width, bias: bias, outputBias: bias)
                    attention.addHeadNorms(&build, epsilon: epsilon)
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let inner = FeedForward(
                        &build, gated: activation, width: sizes.width, inner: sizes.inner)
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .feedForward(inner)))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "qwen3", class: "Qwen3ForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            try Sizes(architecture).write(to: &writer)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            writer.setHuggingFace(
                "attention_bias", .bool(architecture.attention?.output.bias != nil))
            try writer.set(architecture.rotaries.first)
        })
}
