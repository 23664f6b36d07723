import ADPOBase
import ADPOTensor

extension Family {
    /// Gemma 3, its text part alone: embeddings scaled by sqrt(width), norms by 1 + w before and behind each
    /// branch and of each head of queries and keys, GELU; of some layers, all but the last see a window and
    /// rotate with another base.
    package static let gemma3 = Family(
        name: "gemma3_text", otherTypes: ["gemma3"], ggufName: "gemma3",
        read: { (source) throws(ADPOError) in try readGemma3(source) },
        write: { (architecture, writer) throws(ADPOError) in
            try writeGemma3(architecture, &writer)
        })
}

/// The rotary embeddings: that of layers that see all, and of those that see a window.
private let (globalTable, localTable) = (0, 1)

private let keys = GemmaKeys(deepest: 62)

private func readGemma3(_ source: ModelSource) throws(ADPOError) -> Architecture {
    try source.refuseBidirectionalAttention()
    let llama = try LlamaLike(
        source, headWidth: 256, context: 131_072, activationKey: "hidden_activation",
        activation: "gelu_pytorch_tanh", normOffset: 1)
    let sizes = llama.sizes
    let window = try source.window() ?? sizes.context
    let isLocal = try localLayers(source, sizes.layers)
    let scale = try keys.scale(source, sizes)
    let softCap = try GemmaKeys.cap(source, GemmaKeys.attentionCap)
    let bias = try source.bias("attention_bias")
    var architecture = try Architecture(
        family: "gemma3_text", source, sizes, tiedByDefault: true,
        rotaries: try rotaries(source, sizes), norm: llama.norm,
        layer: { (build, index) throws(ADPOError) in
            llama.layerNormedTwice(&build) { build in
                var attention = llama.attention(
                    &build,
                    sizes.attention(
                        scale: scale, window: isLocal[index] ? window : nil, softCap: softCap),
                    table: isLocal[index] ? localTable : globalTable, bias: bias, outputBias: bias)
                attention.addHeadNorms(&build, epsilon: llama.epsilon, offset: 1)
                return attention
            }
        })
    architecture.embeddingScale = Float(sizes.width).squareRoot()
    architecture.logitCap = try GemmaKeys.cap(source, GemmaKeys.logitCap)
    return architecture
}

/// Which layers see a window alone: all but every sixth, unless the file says otherwise.
private func localLayers(_ source: ModelSource, _ count: Int) throws(ADPOError) -> [Bool] {
    try source.slidingLayers(
        count,
        pattern: try source.configuration.integer(
            ConfigurationKey("sliding_window_pattern", "attention.sliding_window_pattern"),
            default: 6))
}

private func rotaries(
    _ source: ModelSource, _ sizes: Sizes
) throws(ADPOError) -> [RotaryEmbedding] {
    var global = RotaryEmbedding.Keys()
    global.defaultBase = 1_000_000
    global.layerType = "full_attention"
    var local = RotaryEmbedding.Keys()
    local.base = "rope_local_base_freq"
    local.layerType = "sliding_attention"
    local.hasScaling = false
    guard source.kind == .huggingFace else {
        return [
            try source.rotary(sizes),
            RotaryEmbedding(
                base: try source.configuration.number("rope.freq_base_swa", default: 10000),
                width: sizes.headWidth),
        ]
    }
    return [try source.rotary(sizes, keys: global), try source.rotary(sizes, keys: local)]
}

private func writeGemma3(
    _ architecture: Architecture, _ writer: inout ConfigurationWriter
) throws(ADPOError) {
    let windows = architecture.windows
    try writer.setLlamaLike(
        architecture, "gemma3_text", class: "Gemma3ForCausalLM",
        activationKey: "hidden_activation", inGGUF: .geluTanh)
    try keys.write(architecture, &writer)
    writer.setLayerTypes(windows)
    guard architecture.rotaries.count == 2 else { return }
    let localBase = architecture.rotaries[localTable].base
    writer.setHuggingFace("rope_local_base_freq", .shortest(Float(localBase)))
    // llama.cpp takes these for granted, and an export that differs would compute otherwise there.
    try writer.refuseInGGUF(
        "other layers than every sixth that see more than a window",
        if: !windows.enumerated().allSatisfy { ($1 == nil) == (($0 + 1) % 6 == 0) })
    try writer.refuseInGGUF(
        "layers that rotate with another local base than 10,000", if: localBase != 10000)
    try writer.refuseInGGUF(
        "a soft cap of attention", if: architecture.attention?.attention.softCap != nil)
}
