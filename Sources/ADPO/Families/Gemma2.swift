import ADPOBase
import ADPOTensor

extension Family {
    /// Gemma 2: embeddings scaled by sqrt(width), norms by 1 + w before and behind each branch, GELU, soft
    /// caps of attention and logits; every first of two layers sees a window.
    package static let gemma2 = Family(
        name: "gemma2", ggufName: "gemma2",
        read: { (source) throws(ADPOError) in try readGemma2(source) },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(
                architecture, "gemma2", class: "Gemma2ForCausalLM",
                activationKey: "hidden_activation", inGGUF: .geluTanh)
            try keys.write(architecture, &writer)
            writer.setLayerTypes(architecture.windows)
            try writer.refuseBiasesInGGUF(architecture)
            try writer.refuseInGGUF("a head of its own", if: !architecture.hasTiedHead)
            try writer.refuseInGGUF(
                "no soft caps",
                if: architecture.attention?.attention.softCap == nil
                    || architecture.logitCap == nil)
            let isSliding = architecture.windows.map { $0 != nil }
            try writer.refuseInGGUF(
                "other layers than every second that see more than a window",
                if: isSliding != alternating(isSliding.count))
        })
}

private let keys = GemmaKeys(deepest: 46)

private func alternating(_ count: Int) -> [Bool] { (0..<count).map { $0 % 2 == 0 } }

private func readGemma2(_ source: ModelSource) throws(ADPOError) -> Architecture {
    try source.refuseBidirectionalAttention()
    let llama = try LlamaLike(
        source, headWidth: 256, context: 8192, activationKey: "hidden_activation",
        activation: "gelu_pytorch_tanh", normOffset: 1)
    let sizes = llama.sizes
    let window = try source.window() ?? 4096
    let isSliding = try source.slidingLayers(sizes.layers) ?? alternating(sizes.layers)
    let scale = try keys.scale(source, sizes)
    let softCap = try GemmaKeys.cap(source, GemmaKeys.attentionCap, default: 50)
    let bias = try source.bias("attention_bias")
    var architecture = try llama.architecture("gemma2", tiedByDefault: true) { (build, index) in
        llama.layerNormedTwice(&build) { build in
            llama.attention(
                &build,
                sizes.attention(
                    scale: scale, window: isSliding[index] ? window : nil, softCap: softCap),
                bias: bias, outputBias: bias)
        }
    }
    architecture.embeddingScale = Float(sizes.width).squareRoot()
    architecture.logitCap = try GemmaKeys.cap(source, GemmaKeys.logitCap, default: 30)
    return architecture
}
