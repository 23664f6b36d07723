import ADPOBase
import ADPOTensor

extension Family {
    /// Phi-3, Phi-3.5 and Phi-4: llama with fused projections, partial rotary embeddings and LongRoPE.
    package static let phi3 = Family(
        name: "phi3", ggufName: "phi3",
        read: { (source) throws(ADPOError) in
            let sizes = try Sizes(source, context: 4096)
            let epsilon = Float(try source.configuration.number(.rmsEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "silu")
            let window = try source.window()
            let rows = (sizes.heads + 2 * sizes.keyValueHeads) * sizes.headWidth
            return try Architecture(
                family: "phi3", source, sizes, rotaries: [try source.rotary(sizes)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let attention = AttentionBlock(
                        fused: build.linear(
                            .init("self_attn.qkv_proj", "attn_qkv"), rows: rows,
                            columns: sizes.width),
                        output: build.linear(
                            .init("self_attn.o_proj", "attn_output"), rows: sizes.width,
                            columns: sizes.heads * sizes.headWidth),
                        sizes.attention(window: window),
                        rotary: AttentionBlock.Rotary(table: 0, isInterleaved: false))
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let inner = FeedForward(
                        activation: activation,
                        input: .fused(
                            build.linear(
                                .init("mlp.gate_up_proj", "ffn_up"), rows: 2 * sizes.inner,
                                columns: sizes.width)),
                        output: build.linear(
                            .init("mlp.down_proj", "ffn_down"), rows: sizes.width,
                            columns: sizes.inner))
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .feedForward(inner)))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "phi3", class: "Phi3ForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            let sizes = try Sizes(architecture)
            sizes.write(to: &writer)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            if let window = architecture.attention?.attention.window {
                writer.set(.window, .integer(window))
            } else {
                writer.setHuggingFace("sliding_window", .null)
            }
            guard let rotary = architecture.rotaries.first else { return }
            try writer.set(rotary)
            writer.setHuggingFace(
                "partial_rotary_factor", .double(Double(rotary.width) / Double(sizes.headWidth)))
            if case .longRoPE(_, _, let original, _) = rotary.scaling {
                writer.setHuggingFace("original_max_position_embeddings", .integer(original))
            }
        })
}
