import ADPOBase
import ADPOTensor

extension Family {
    /// Granite's mixtures: llama with experts, and factors of embeddings, branches, attention and logits. Its
    /// files have the experts of a layer in two tensors.
    package static let graniteMoE = Family(
        name: "granitemoe", ggufName: "granitemoe",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, context: 2048)
            let factors = try GraniteFactors(source, llama.sizes)
            let bias = try source.bias("attention_bias")
            let mixture = try Mixture(
                source,
                Mixture.Keys(
                    experts: .experts, topK: .topK, defaultExperts: 8, defaultTopK: 2),
                inner: llama.sizes.inner, isNormalized: true)
            var architecture = try llama.architecture("granitemoe") { (build, _) in
                llama.layer(&build, scale: factors.residual) { build in
                    llama.interleavedAttention(&build, scale: factors.attention, bias: bias)
                } inner: { build in
                    .experts(
                        mixture.block(
                            &build, width: llama.sizes.width,
                            router: .init(
                                "block_sparse_moe.router.layer", "ffn_gate_inp",
                                newer: "block_sparse_moe.router")
                        ) {
                            expert(&$0, $1, mixture, llama.activation, width: llama.sizes.width)
                        })
                }
            }
            factors.set(in: &architecture)
            return architecture
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "granitemoe", class: "GraniteMoeForCausalLM")
            if let mixture = architecture.mixture {
                writer.set(.experts, .integer(mixture.experts.count))
                writer.set(.topK, .integer(mixture.topK))
            }
            writer.setAttentionBias(architecture)
            GraniteFactors(architecture).write(to: &writer)
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
}
