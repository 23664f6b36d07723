import ADPOBase
import ADPOTensor

extension Family {
    /// Command R7B: Command R whose layers see a window, but for every fourth, which sees all and does not
    /// rotate.
    package static let cohere2 = Family(
        name: "cohere2", ggufName: "cohere2",
        read: { (source) throws(ADPOError) in
            let sizes = try Sizes(source, context: 8192)
            let window = try source.configuration.integer(.window, default: 4096)
            guard window > 0 else {
                throw ADPOError(
                    .format, "\(source.path): \"sliding_window\" is not a positive number")
            }
            let isLocal = try source.slidingLayersOfFour(sizes.layers)
            return try Architecture(
                cohere: "cohere2", source, sizes, theta: 10000, hasHeadNorms: false
            ) { layer in
                isLocal[layer]
                    ? (sizes.attention(window: window), .interleaved) : (sizes.attention(), nil)
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setCohere(architecture, class: "Cohere2ForCausalLM")
            try writer.setLayerTypesOfFour(architecture.windows)
        })
}
