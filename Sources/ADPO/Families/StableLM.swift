import ADPOBase
import ADPOTensor

extension Family {
    /// StableLM: LayerNorm, partial rotary embeddings; in some models a norm of each head with weights of
    /// its own, or both branches of a layer see one norm.
    package static let stableLM = Family(
        name: "stablelm", ggufName: "stablelm",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 4096)
            let epsilon = Float(try configuration.number(.layerNormEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "silu")
            let isGGUF = source.kind == .gguf
            let isParallel =
                isGGUF
                ? !source.file.contains("blk.0.ffn_norm.weight")
                : try configuration.bool("use_parallel_residual", default: false)
            let hasHeadNorms =
                isGGUF
                ? source.file.contains("blk.0.attn_q_norm.weight")
                : try configuration.bool("qk_layernorm", default: false)
            let bias = ParameterBuilder.Bias.configured(
                try configuration.bool("use_qkv_bias", default: false))
            var keys = RotaryEmbedding.Keys()
            keys.defaultPartial = 0.25

            func norm(
                _ build: inout ParameterBuilder, _ name: ParameterBuilder.Name
            ) -> NormLayer {
                build.norm(name, .layer, width: sizes.width, epsilon: epsilon, hasBias: true)
            }
            func headNorms(
                _ build: inout ParameterBuilder, _ huggingFace: String, _ gguf: String, heads: Int
            ) -> [NormLayer] {
                build.headNorms(
                    .init(huggingFace, gguf), .layer, heads: heads, width: sizes.headWidth,
                    epsilon: epsilon, huggingFace: { "\(huggingFace).norms.\($0)" })
            }
            return try Architecture(
                family: "stablelm", source, sizes,
                rotaries: [try source.rotary(sizes, keys: keys)], norm: norm,
                layer: { (build, _) throws(ADPOError) in
                    let before = norm(&build, .inputNorm)
                    var attention = AttentionBlock(
                        &build, sizes.attention(), rotary: .halves, width: sizes.width,
                        bias: bias)
                    if hasHeadNorms {
                        attention.queryNorms = headNorms(
                            &build, "self_attn.q_layernorm", "attn_q_norm", heads: sizes.heads)
                        attention.keyNorms = headNorms(
                            &build, "self_attn.k_layernorm", "attn_k_norm",
                            heads: sizes.keyValueHeads)
                    }
                    let between = isParallel ? nil : norm(&build, .postAttentionNorm)
                    let inner = FeedForward(
                        &build, gated: activation, width: sizes.width, inner: sizes.inner)
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .feedForward(inner)),
                        isParallel: isParallel)
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "stablelm", class: "StableLmForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            let sizes = try Sizes(architecture)
            sizes.write(to: &writer)
            try writer.refuseInGGUF("a tied head", if: architecture.hasTiedHead)
            writer.set(.layerNormEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            writer.set(
                ConfigurationKey("use_parallel_residual", "use_parallel_residual"),
                .bool(architecture.layers.first?.isParallel ?? false))
            let attention = architecture.attention
            writer.setHuggingFace(
                "use_qkv_bias", .bool(attention?.projections.first?.bias != nil))
            writer.setHuggingFace(
                "qk_layernorm", .bool(attention?.queryNorms.isEmpty == false))
            try writer.setPartial(architecture.rotaries.first, sizes)
        })
}
