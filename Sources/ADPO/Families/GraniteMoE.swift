import ADPOBase
import ADPOTensor

extension Family {
    /// Granite's mixtures: llama with experts, and factors of embeddings, branches, attention and logits. Its
    /// files have the experts of a layer in two tensors.
    package static let graniteMoE = Family(
        name: "granitemoe", ggufName: "granitemoe",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 2048)
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-6))
            let activation = try source.activation("hidden_act", default: "silu")
            let bias = ParameterBuilder.Bias.configured(
                try configuration.bool("attention_bias", default: false))
            let mixture = try Mixture(
                source,
                Mixture.Keys(
                    experts: .experts, topK: .topK, defaultExperts: 8, defaultTopK: 2),
                inner: sizes.inner, isNormalized: true)
            let attentionScale = Float(
                try configuration.number(
                    .attentionScale,
                    default: source.kind == .gguf
                        ? 1 / Double(sizes.headWidth).squareRoot() : 1))
            let residualScale = Float(try configuration.number(.residualScale, default: 1))
            var architecture = try Architecture(
                family: "granitemoe", source, sizes, rotaries: [try source.rotary(sizes)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let attention = AttentionBlock(
                        &build, sizes.attention(scale: attentionScale), rotary: .llama(source),
                        width: sizes.width, bias: bias, outputBias: bias,
                        order: .llama(headWidth: sizes.headWidth))
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let experts = mixture.block(
                        &build, width: sizes.width,
                        router: .init(
                            "block_sparse_moe.router.layer", "ffn_gate_inp",
                            newer: "block_sparse_moe.router")
                    ) { expert(&$0, $1, mixture, activation, width: sizes.width) }
                    return Layer(
                        mixer: Branch(before: before, .attention(attention), scale: residualScale),
                        feedForward: Branch(
                            before: between, .experts(experts), scale: residualScale))
                })
            architecture.embeddingScale = Float(
                try configuration.number(.embeddingScale, default: 1))
            architecture.logitScale = Float(1 / (try configuration.number(.logitScale, default: 1)))
            return architecture
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "granitemoe", class: "GraniteMoeForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            try Sizes(architecture).write(to: &writer)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            if let mixture = architecture.mixture {
                writer.set(.experts, .integer(mixture.experts.count))
                writer.set(.topK, .integer(mixture.topK))
            }
            let scale = architecture.attention?.attention.scale ?? 1
            writer.set(.attentionScale, .number(Double(scale)))
            writer.set(
                .residualScale, .number(Double(architecture.layers.first?.mixer.scale ?? 1)))
            writer.set(.embeddingScale, .number(Double(architecture.embeddingScale)))
            writer.set(.logitScale, .number(1 / Double(architecture.logitScale)))
            writer.setHuggingFace(
                "attention_bias", .bool(architecture.attention?.output.bias != nil))
            try writer.set(architecture.rotaries.first)
        })
}

/// An expert: in transformers' files the gates and ups of all lie in one tensor, [experts, 2 inner, width].
private func expert(
    _ build: inout ParameterBuilder, _ index: Int, _ mixture: Mixture, _ activation: Activation,
    width: Int
) -> FeedForward {
    func linear(
        _ part: Parameter.Expert.Part, _ huggingFace: String, _ gguf: String, newer: String,
        rows: Int, columns: Int, _ stack: Place.Stack
    ) -> LinearLayer {
        build.linear(
            .init(
                "block_sparse_moe.\(huggingFace)", gguf,
                newer: "block_sparse_moe.experts.\(newer)"), .expert, rows: rows,
            columns: columns, expert: Parameter.Expert(part, index: index, count: mixture.experts),
            stack: stack)
    }
    func input(_ part: Parameter.Expert.Part, _ gguf: String, _ place: Int) -> LinearLayer {
        linear(
            part, "input_linear", gguf, newer: "gate_up_proj", rows: mixture.inner,
            columns: width,
            Place.Stack(index: 2 * index + place, count: 2 * mixture.experts, joined: 2))
    }
    return FeedForward(
        activation: activation,
        input: .gated(gate: input(.gate, "ffn_gate_exps", 0), up: input(.up, "ffn_up_exps", 1)),
        output: linear(
            .down, "output_linear", "ffn_down_exps", newer: "down_proj", rows: width,
            columns: mixture.inner, Place.Stack(index: index, count: mixture.experts)))
}

extension ConfigurationKey {
    fileprivate static let experts = ConfigurationKey("num_local_experts", "expert_count")
    fileprivate static let topK = ConfigurationKey("num_experts_per_tok", "expert_used_count")
    fileprivate static let attentionScale = ConfigurationKey(
        "attention_multiplier", "attention.scale")
    fileprivate static let residualScale = ConfigurationKey(
        "residual_multiplier", "residual_scale")
    fileprivate static let embeddingScale = ConfigurationKey(
        "embedding_multiplier", "embedding_scale")
    fileprivate static let logitScale = ConfigurationKey("logits_scaling", "logit_scale")
}
