import ADPOBase
import ADPOTensor

extension Family {
    /// OLMo 3: OLMo 2 whose layers see a window, but for every fourth; only those that see all have a RoPE
    /// scaling. In GGUF files it is an OLMo 2 with windows.
    package static let olmo3 = Family(
        name: "olmo3", ggufName: "olmo2",
        isGGUF: { ($0["olmo2.attention.sliding_window"]?.integer ?? 0) > 0 },
        read: { (source) throws(ADPOError) in
            let sizes = try Sizes(source, context: 2048)
            let window = try source.configuration.integer(.window, default: 4096)
            guard window > 0 else {
                throw ADPOError(
                    .format, "\(source.path): \"sliding_window\" is not a positive number")
            }
            let isLocal = try source.slidingLayersOfFour(sizes.layers)
            return try Architecture(
                olmo: "olmo3", source, sizes, rotaries: try rotaries(source, sizes)
            ) { layer in
                (
                    sizes.attention(window: isLocal[layer] ? window : nil),
                    AttentionBlock.Rotary(
                        table: isLocal[layer] ? localTable : globalTable, isInterleaved: false)
                )
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setOLMo(architecture, class: "Olmo3ForCausalLM")
            try writer.setLayerTypesOfFour(architecture.windows)
            guard architecture.rotaries.count == 2 else { return }
            let (global, local) = (
                architecture.rotaries[globalTable], architecture.rotaries[localTable]
            )
            try writer.set(global)
            try writer.refuseInGGUF(
                "layers that rotate with another local base", if: local.base != global.base)
            guard writer.kind == .huggingFace else { return }
            writer.setHuggingFace(
                "rope_parameters",
                .object([
                    ("full_attention", try parameters(global, writer.source)),
                    ("sliding_attention", try parameters(local, writer.source)),
                ]))
        })
}

/// The rotary embeddings: that of layers that see all, and of those that see a window.
private let (globalTable, localTable) = (0, 1)

private func rotaries(
    _ source: ModelSource, _ sizes: Sizes
) throws(ADPOError) -> [RotaryEmbedding] {
    var global = RotaryEmbedding.Keys()
    global.defaultBase = 500_000
    var local = global
    global.layerType = "full_attention"
    local.layerType = "sliding_attention"
    local.hasScaling = false
    let rotary = try source.rotary(sizes, keys: global)
    guard source.kind == .huggingFace else {
        return [rotary, RotaryEmbedding(base: rotary.base, width: rotary.width)]
    }
    return [rotary, try source.rotary(sizes, keys: local)]
}

/// A member of `rope_parameters`.
private func parameters(_ rotary: RotaryEmbedding, _ source: String) throws(ADPOError) -> JSON {
    let scaling = try rotary.huggingFaceScaling(source: source)?.members
    return .object(
        (scaling ?? [("rope_type", .string("default"))])
            + [("rope_theta", .shortest(Float(rotary.base)))])
}
