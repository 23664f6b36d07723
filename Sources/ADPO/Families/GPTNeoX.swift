import ADPOBase
import ADPOTensor

extension Family {
    /// GPT-NeoX and Pythia: LayerNorm with biases, the query, key and value of each head in one matrix,
    /// partial rotary embeddings, GELU; both branches of a layer see its input, unless the file says no.
    package static let gptNeoX = Family(
        name: "gpt_neox", ggufName: "gptneox",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 2048)
            let epsilon = Float(try configuration.number(.layerNormEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "gelu")
            let isParallel = try configuration.bool("use_parallel_residual", default: true)
            let bias = ParameterBuilder.Bias.configured(
                try configuration.bool("attention_bias", default: true))
            var keys = RotaryEmbedding.Keys()
            keys.base = "rotary_emb_base"
            (keys.partial, keys.defaultPartial) = ("rotary_pct", 0.25)
            let width = sizes.width

            func norm(
                _ build: inout ParameterBuilder, _ name: ParameterBuilder.Name
            ) -> NormLayer {
                build.norm(name, .layer, width: width, epsilon: epsilon, hasBias: true)
            }
            var names = StandardNames()
            (names.prefix, names.embedding) = ("gpt_neox.", "embed_in")
            (names.finalNorm, names.head) = ("final_layer_norm", "embed_out")
            var architecture = try Architecture(
                family: "gpt_neox", source, sizes, names: names,
                rotaries: [try source.rotary(sizes, keys: keys)], norm: norm,
                layer: { (build, _) throws(ADPOError) in
                    let before = norm(&build, .init("input_layernorm", "attn_norm"))
                    let order = RowOrder.perHead(heads: sizes.heads, headWidth: sizes.headWidth)
                    let attention = AttentionBlock(
                        fused: build.linear(
                            .init("attention.query_key_value", "attn_qkv"), rows: 3 * width,
                            columns: width, bias: bias, order: OrderInFiles(huggingFace: order)),
                        isPerHead: source.kind == .huggingFace,
                        output: build.linear(
                            .init("attention.dense", "attn_output"), rows: width, columns: width,
                            bias: bias),
                        sizes.attention(),
                        rotary: AttentionBlock.Rotary(table: 0, isInterleaved: false))
                    let between = norm(&build, .postAttentionNorm)
                    let inner = FeedForward(
                        activation: activation,
                        input: .plain(
                            build.linear(
                                .init("mlp.dense_h_to_4h", "ffn_up"), rows: sizes.inner,
                                columns: width, bias: .always)),
                        output: build.linear(
                            .init("mlp.dense_4h_to_h", "ffn_down"), rows: width,
                            columns: sizes.inner, bias: .always))
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .feedForward(inner)),
                        isParallel: isParallel)
                })
            // Masks that older files have among the tensors.
            architecture.ignoredTensors += [".attention.bias", ".attention.masked_bias"]
            return architecture
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "gpt_neox", class: "GPTNeoXForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .gelu)
            let sizes = try Sizes(architecture)
            sizes.write(to: &writer)
            writer.set(.layerNormEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            writer.setHuggingFace(
                "attention_bias", .bool(architecture.attention?.output.bias != nil))
            let isParallel = architecture.layers.first?.isParallel ?? true
            writer.set(
                ConfigurationKey("use_parallel_residual", "use_parallel_residual"),
                .bool(isParallel))
            guard let rotary = architecture.rotaries.first else { return }
            try writer.set(rotary)
            writer.setHuggingFace("rotary_emb_base", .shortest(Float(rotary.base)))
            writer.setHuggingFace(
                "rotary_pct", .double(Double(rotary.width) / Double(sizes.headWidth)))
        })
}
