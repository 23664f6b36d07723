import ADPOBase
import ADPOTensor

extension Family {
    /// GPT-2: LayerNorm with biases, learned positions, fused projections, GELU. The matrices of its files
    /// are [in, out].
    package static let gpt2 = Family(
        name: "gpt2", ggufName: "gpt2",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, keys: gpt2Keys, inner: 4, context: 1024)
            if try configuration.bool("add_cross_attention", default: false) {
                throw ADPOError(
                    .unsupported, "\(source.path): \"add_cross_attention\" is not supported")
            }
            let isScaledByLayer = try configuration.bool(layerScaleKey, default: false)
            let isScaled = try configuration.bool("scale_attn_weights", default: true)
            let epsilon = Float(try configuration.number(gpt2Epsilon, default: 1e-5))
            let activation = try source.activation("activation_function", default: "gelu_new")
            let width = sizes.width

            func attention(_ layer: Int) -> Attention {
                let scale = isScaled ? 1 / Float(sizes.headWidth).squareRoot() : 1
                return sizes.attention(scale: isScaledByLayer ? scale / Float(layer + 1) : scale)
            }

            func norm(
                _ build: inout ParameterBuilder, _ name: ParameterBuilder.Name
            ) -> NormLayer {
                build.norm(name, .layer, width: width, epsilon: epsilon, hasBias: true)
            }
            func linear(
                _ build: inout ParameterBuilder, _ huggingFace: String, _ gguf: String,
                rows: Int, columns: Int
            ) -> LinearLayer {
                build.linear(
                    .init(huggingFace, gguf), rows: rows, columns: columns, bias: .always,
                    isTransposed: true)
            }
            var names = StandardNames()
            (names.embedding, names.layers, names.finalNorm) = ("wte", "h", "ln_f")
            names.modulePrefix = "transformer."
            // The first files, those that hubs have, name no module around the layers.
            names.prefix = source.file.contains("wte.weight") ? "" : "transformer."
            var architecture = try Architecture(
                family: "gpt2", source, sizes, names: names, tiedByDefault: true, rotaries: [],
                norm: norm,
                layer: { (build, index) throws(ADPOError) in
                    let before = norm(&build, .init("ln_1", "attn_norm"))
                    let block = AttentionBlock(
                        fused: linear(
                            &build, "attn.c_attn", "attn_qkv", rows: 3 * width, columns: width),
                        output: linear(
                            &build, "attn.c_proj", "attn_output", rows: width, columns: width),
                        attention(index), rotary: nil)
                    let between = norm(&build, .init("ln_2", "ffn_norm"))
                    let inner = FeedForward(
                        activation: activation,
                        input: .plain(
                            linear(
                                &build, "mlp.c_fc", "ffn_up", rows: sizes.inner, columns: width)),
                        output: linear(
                            &build, "mlp.c_proj", "ffn_down", rows: width, columns: sizes.inner))
                    return Layer(
                        mixer: Branch(before: before, .attention(block)),
                        feedForward: Branch(before: between, .feedForward(inner)))
                })
            architecture.addPositions(
                .init(names.prefix + "wpe", "position_embd"), module: "transformer.wpe")
            // Masks that older files have among the tensors.
            architecture.ignoredTensors += [".attn.bias", ".attn.masked_bias"]
            return architecture
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "gpt2", class: "GPT2LMHeadModel", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "activation_function", inGGUF: .geluTanh)
            let sizes = try Sizes(architecture)
            sizes.write(to: &writer, keys: gpt2Keys)
            let scales = architecture.layers.compactMap(\.attention?.attention.scale)
            let isScaledByLayer = scales.count > 1 && scales[0] != scales[1]
            let isScaled = scales.first != 1
            writer.setHuggingFace(layerScaleKey, .bool(isScaledByLayer))
            writer.setHuggingFace("scale_attn_weights", .bool(isScaled))
            if writer.kind == .gguf, isScaledByLayer || !isScaled {
                throw writer.unsupported("attention that is not scaled by the head width")
            }
            writer.set(gpt2Epsilon, .number(Double(architecture.finalNorm.epsilon)))
        })
}

private let layerScaleKey = "scale_attn_by_inverse_layer_idx"
private let gpt2Epsilon = ConfigurationKey("layer_norm_epsilon", "attention.layer_norm_epsilon")

private let gpt2Keys: Sizes.Keys = {
    var keys = Sizes.Keys()
    keys.layers = ConfigurationKey("n_layer", "block_count")
    keys.width = ConfigurationKey("n_embd", "embedding_length")
    keys.heads = ConfigurationKey("n_head", "attention.head_count")
    keys.inner = ConfigurationKey("n_inner", "feed_forward_length")
    keys.context = ConfigurationKey("n_positions", "context_length")
    return keys
}()
