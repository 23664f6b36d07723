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

private func readGemma3(_ file: ModelSource) throws(ADPOError) -> Architecture {
    // Folders of the multimodal model describe the text part in a member.
    let text = file.json["text_config"]
    let source = text.map { ModelSource(file, member: $0) } ?? file
    let sizes = try Sizes(source, headWidth: 256, context: 131_072)
    let configuration = source.configuration
    if try configuration.bool("use_bidirectional_attention", default: false) {
        throw ADPOError(
            .unsupported, "\(source.path): \"use_bidirectional_attention\" is not supported")
    }
    let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-6))
    let activation = try source.activation("hidden_activation", default: "gelu_pytorch_tanh")
    let window = try source.window() ?? sizes.context
    let isLocal = try localLayers(source, sizes.layers)
    let scale = 1 / Float(try queryScalar(source, sizes)).squareRoot()
    let softCap = try cap(source, "attn_logit_softcapping", "attn_logit_softcapping")
    let bias = ParameterBuilder.Bias.configured(
        try configuration.bool("attention_bias", default: false))

    func norm(
        _ build: inout ParameterBuilder, _ name: ParameterBuilder.Name
    ) -> NormLayer {
        build.norm(name, .rms, width: sizes.width, epsilon: epsilon, offset: 1)
    }
    var architecture = try Architecture(
        family: "gemma3_text", source, sizes, names: gemma3Names(source, isText: text == nil),
        tiedByDefault: true, rotaries: try rotaries(source, sizes), norm: norm,
        layer: { (build, index) throws(ADPOError) in
            let before = norm(&build, .inputNorm)
            var attention = AttentionBlock(
                &build,
                sizes.attention(
                    scale: scale, window: isLocal[index] ? window : nil, softCap: softCap),
                rotary: AttentionBlock.Rotary(
                    table: isLocal[index] ? localTable : globalTable, isInterleaved: false),
                width: sizes.width, bias: bias, outputBias: bias)
            attention.addHeadNorms(&build, epsilon: epsilon, offset: 1)
            let after = norm(&build, .init("post_attention_layernorm", "post_attention_norm"))
            let innerBefore = norm(&build, .init("pre_feedforward_layernorm", "ffn_norm"))
            let inner = FeedForward(
                &build, gated: activation, width: sizes.width, inner: sizes.inner)
            let innerAfter = norm(&build, .init("post_feedforward_layernorm", "post_ffw_norm"))
            return Layer(
                mixer: Branch(before: before, .attention(attention), after: after),
                feedForward: Branch(before: innerBefore, .feedForward(inner), after: innerAfter))
        })
    architecture.embeddingScale = Float(sizes.width).squareRoot()
    architecture.logitCap = try cap(source, "final_logit_softcapping", "final_logit_softcapping")
    architecture.ignoredTensors += visionTensors
    return architecture
}

/// Names of tensors that are not of the text part begin with one of these.
private let visionTensors = [
    "model.vision_tower.", "vision_tower.", "model.multi_modal_projector.",
    "multi_modal_projector.",
]

/// The multimodal model's names in files differ from one version of transformers to the other.
private func gemma3Names(_ source: ModelSource, isText: Bool) -> StandardNames {
    var names = StandardNames()
    guard !isText else { return names }
    names.modulePrefix = "model.language_model."
    let prefixes = ["language_model.model.", "model.language_model."]
    names.prefix =
        prefixes.first { source.file.contains("\($0)\(names.embedding).weight") } ?? prefixes[0]
    return names
}

/// Which layers see a window alone: all but every sixth, unless the file says otherwise.
private func localLayers(_ source: ModelSource, _ count: Int) throws(ADPOError) -> [Bool] {
    try source.layersWithWindow(
        count,
        pattern: try source.configuration.integer(
            ConfigurationKey("sliding_window_pattern", "attention.sliding_window_pattern"),
            default: 6))
}

/// Attention is scaled by 1 / sqrt of this. GGUF files do not say it: as llama.cpp has it, it is the head
/// width but in the model of 62 layers.
private func queryScalar(_ source: ModelSource, _ sizes: Sizes) throws(ADPOError) -> Double {
    source.kind == .gguf
        ? Double(ggufQueryScalar(sizes))
        : try source.configuration.number("query_pre_attn_scalar", default: 256)
}

private func ggufQueryScalar(_ sizes: Sizes) -> Int {
    sizes.layers == 62 ? sizes.width / sizes.heads : sizes.headWidth
}

private func cap(
    _ source: ModelSource, _ huggingFace: String, _ gguf: String
) throws(ADPOError) -> Float? {
    let key = source.kind == .gguf ? gguf : huggingFace
    return source.configuration.contains(key) ? Float(try source.configuration.number(key)) : nil
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
    let sizes = try Sizes(architecture)
    let layers = architecture.layers.compactMap(\.attention?.attention)
    let windows = layers.map(\.window)
    writer.setHuggingFaceModel(
        "gemma3_text", class: "Gemma3ForCausalLM", isTied: architecture.hasTiedHead)
    try writer.set(architecture.activation, "hidden_activation", inGGUF: .geluTanh)
    sizes.write(to: &writer)
    writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
    if let window = windows.compactMap(\.self).first { writer.set(.window, .integer(window)) }
    writer.setHuggingFace(
        "layer_types",
        .array(windows.map { .string($0 == nil ? "full_attention" : "sliding_attention") }))
    let scale = Double(layers.first?.scale ?? 1)
    let scalar = (1 / (scale * scale)).rounded()
    writer.setHuggingFace("query_pre_attn_scalar", .integer(Int(exactly: scalar) ?? 256))
    writer.setHuggingFace(
        "attention_bias", .bool(architecture.attention?.output.bias != nil))
    for (key, cap) in [
        ("attn_logit_softcapping", layers.first?.softCap),
        ("final_logit_softcapping", architecture.logitCap),
    ] {
        writer.setHuggingFace(key, cap.map { .shortest($0) } ?? .null)
        if let cap { writer.setGGUF(key, .number(Double(cap))) }
    }
    guard architecture.rotaries.count == 2 else { return }
    try writer.set(architecture.rotaries[globalTable])
    let localBase = architecture.rotaries[localTable].base
    writer.setHuggingFace("rope_local_base_freq", .shortest(Float(localBase)))
    guard writer.kind == .gguf else { return }
    try checkThatLlamaCppAgrees(sizes, scalar: scalar, windows, localBase, layers, writer)
}

/// llama.cpp takes these for granted, and an export that differs would compute otherwise there.
private func checkThatLlamaCppAgrees(
    _ sizes: Sizes, scalar: Double, _ windows: [Int?], _ localBase: Double, _ layers: [Attention],
    _ writer: ConfigurationWriter
) throws(ADPOError) {
    let isEverySixthGlobal = windows.enumerated().allSatisfy { ($1 == nil) == (($0 + 1) % 6 == 0) }
    let reason: String? =
        if scalar != Double(ggufQueryScalar(sizes)) {
            "attention that is scaled otherwise than by the head width"
        } else if !isEverySixthGlobal {
            "other layers than every sixth that see more than a window"
        } else if localBase != 10000 {
            "layers that rotate with another local base than 10,000"
        } else if layers.contains(where: { $0.softCap != nil }) {
            "a soft cap of attention"
        } else {
            nil
        }
    if let reason { throw writer.unsupported(reason) }
}
