import ADPOBase
import ADPOTensor

extension Family {
    /// Phi-1, 1.5 and 2: LayerNorm, which both branches of a layer see; partial rotary embeddings, biases,
    /// that of the head among them.
    package static let phi = Family(
        name: "phi", ggufName: "phi2",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 2048)
            if try configuration.bool("qk_layernorm", default: false) {
                throw ADPOError(
                    .unsupported, "\(source.path): \"qk_layernorm\" is not supported")
            }
            let epsilon = Float(try configuration.number(.layerNormEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "gelu_new")
            var keys = RotaryEmbedding.Keys()
            keys.defaultPartial = 0.5
            var names = StandardNames()
            (names.finalNorm, names.headHasBias) = ("final_layernorm", true)
            return try Architecture(
                family: "phi", source, sizes, names: names,
                rotaries: [try source.rotary(sizes, keys: keys)],
                norm: {
                    $0.norm($1, .layer, width: sizes.width, epsilon: epsilon, hasBias: true)
                },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .layer, width: sizes.width, epsilon: epsilon, hasBias: true)
                    let attention = AttentionBlock(
                        &build, sizes.attention(), rotary: .halves, width: sizes.width,
                        bias: .always, outputBias: .always, outputName: "dense")
                    let inner = FeedForward(
                        &build, plain: activation, "fc1", "fc2", width: sizes.width,
                        inner: sizes.inner, bias: .always)
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(.feedForward(inner)), isParallel: true)
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "phi", class: "PhiForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .geluTanh)
            let sizes = try Sizes(architecture)
            sizes.write(to: &writer)
            try writer.refuseInGGUF("a tied head", if: architecture.hasTiedHead)
            writer.set(.layerNormEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            try writer.setPartial(architecture.rotaries.first, sizes)
        })
}
