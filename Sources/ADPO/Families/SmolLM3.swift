import ADPOBase
import ADPOTensor

extension Family {
    /// SmolLM3: llama, of which every fourth layer has no positions unless the file says otherwise.
    package static let smollm3 = Family(
        name: "smollm3", ggufName: "smollm3",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, context: 32768)
            let count = llama.sizes.layers
            let hasPositions = try positionLayers(source, count)
            let windows = try source.optionalWindows(count) { !hasPositions[$0] }
            let bias = try source.bias("attention_bias")
            let innerBias = try source.bias("mlp_bias")
            return try llama.architecture("smollm3", tiedByDefault: true, base: 2_000_000) {
                (build, index) in
                llama.layer(&build, innerBias: innerBias) { build in
                    var attention = llama.interleavedAttention(
                        &build, window: windows[index], bias: bias)
                    if !hasPositions[index] { attention.rotary = nil }
                    return attention
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "smollm3", class: "SmolLM3ForCausalLM")
            writer.setAttentionBias(architecture)
            writer.setHuggingFace("mlp_bias", .bool(architecture.hasInnerBias))
            try writer.refuseBiasesInGGUF(architecture)
            try writer.setOptionalWindows(architecture.windows)
            let hasPositions = architecture.layers.map { $0.attention?.rotary != nil }
            writer.setHuggingFace(
                "no_rope_layers", .array(hasPositions.map { .integer($0 ? 1 : 0) }))
            try writer.refuseInGGUF(
                "positions in other layers than all but every fourth",
                if: hasPositions != everyFourthWithout(hasPositions.count))
        })
}

private func everyFourthWithout(_ count: Int, interval: Int = 4) -> [Bool] {
    (0..<count).map { ($0 + 1) % interval != 0 }
}

/// The layers with positions, by "no_rope_layers", which has a 0 for those without.
private func positionLayers(_ source: ModelSource, _ count: Int) throws(ADPOError) -> [Bool] {
    guard let layers = source.json["no_rope_layers"], !layers.isNull else {
        let interval = try source.configuration.integer("no_rope_layer_interval", default: 4)
        guard interval > 0 else {
            throw ADPOError(.format, "\(source.path): \"no_rope_layer_interval\" is 0")
        }
        return everyFourthWithout(count, interval: source.kind == .gguf ? 4 : interval)
    }
    let flags = layers.array?.compactMap(\.integer) ?? []
    guard flags.count >= count, flags.count == layers.array?.count else {
        throw ADPOError(
            .format,
            "\(source.path): \"no_rope_layers\" is not a number for each of \(count) layers")
    }
    return flags.prefix(count).map { $0 != 0 }
}
