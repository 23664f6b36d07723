import ADPOBase
import ADPOTensor

extension Family {
    /// EXAONE 4: norms behind each branch alone, and of each head of queries and keys; in the large model
    /// layers that see a window, and others that see all and do not rotate.
    package static let exaone4 = Family(
        name: "exaone4", ggufName: "exaone4",
        read: { (source) throws(ADPOError) in
            let configuration = source.configuration
            let sizes = try Sizes(source, context: 2048)
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "silu")
            // llama.cpp knows windows in the model of this many layers alone.
            let mayHaveWindow = source.kind == .huggingFace || sizes.layers == windowedLayers
            let window = mayHaveWindow ? try source.window() : nil
            let isLocal =
                window == nil ? [] : try source.slidingLayersOfFour(sizes.layers)

            func norm(
                _ build: inout ParameterBuilder, _ name: ParameterBuilder.Name
            ) -> NormLayer {
                build.norm(name, .rms, width: sizes.width, epsilon: epsilon)
            }
            return try Architecture(
                family: "exaone4", source, sizes, rotaries: [try source.rotary(sizes)],
                norm: norm,
                layer: { (build, index) throws(ADPOError) in
                    let seesAll = window != nil && !isLocal[index]
                    var attention = AttentionBlock(
                        &build, sizes.attention(window: seesAll ? nil : window),
                        rotary: seesAll ? nil : .halves, width: sizes.width)
                    attention.addHeadNorms(&build, epsilon: epsilon)
                    let after = norm(&build, .afterAttention)
                    let inner = FeedForward(
                        &build, gated: activation, width: sizes.width, inner: sizes.inner)
                    let last = norm(&build, .afterFeedForward)
                    return Layer(
                        mixer: Branch(.attention(attention), after: after),
                        feedForward: Branch(.feedForward(inner), after: last))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "exaone4", class: "Exaone4ForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            let sizes = try Sizes(architecture)
            sizes.write(to: &writer)
            try writer.refuseInGGUF(
                "heads that are not as wide as the hidden states together",
                if: sizes.heads * sizes.headWidth != sizes.width)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            let hasWindow = architecture.layers.contains { $0.attention?.attention.window != nil }
            try writer.refuseInGGUF(
                "\(hasWindow ? "" : "no ")windows in \(sizes.layers) layers",
                if: hasWindow != (sizes.layers == windowedLayers))
            if hasWindow || writer.kind == .huggingFace {
                try writer.setLayerTypesOfFour(architecture.windows)
            }
            try writer.set(architecture.rotaries.first)
        })
}

private let windowedLayers = 64
