import ADPOBase
import ADPOTensor

extension Family {
    /// Ministral 3: llama with YaRN, whose queries are multiplied by a factor that grows with the position.
    package static let ministral3 = Family(
        name: "ministral3", otherTypes: ["mistral3"], ggufName: "mistral3",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, headWidth: 128, context: 262_144, epsilon: 1e-5)
            // llama.cpp knows none in this family.
            let window = source.kind == .gguf ? nil : try source.window()
            let scale = try positionScale(source, llama.sizes)
            return try llama.architecture("ministral3") { (build, _) in
                llama.layer(&build) { build in
                    var attention = llama.interleavedAttention(&build, window: window)
                    attention.positionScale = scale
                    return attention
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            let scale = architecture.attention?.positionScale
            try writer.setLlamaLike(
                architecture, "ministral3", class: "Ministral3ForCausalLM",
                ropeMembers: [(betaName, .shortest(scale?.beta ?? 0))])
            if let scale {
                writer.setGGUF("attention.temperature_scale", .number(Double(scale.beta)))
            }
            try writer.setWindow(architecture.attention?.attention.window)
        })
}

/// In a config.json, beside the parameters of RoPE.
private let betaName = "llama_4_scaling_beta"

/// - Throws: `.unsupported` for another RoPE than YaRN, whose original context is the scale's, too.
private func positionScale(
    _ source: ModelSource, _ sizes: Sizes
) throws(ADPOError) -> AttentionBlock.PositionScale? {
    let beta: Double?
    switch source.kind {
    case .huggingFace:
        let members = [source.json["rope_parameters"], source.json["rope_scaling"]]
        beta = members.lazy.compactMap { $0?[betaName]?.double }.first
        if beta == nil {
            throw ADPOError(.format, "\(source.path): \"\(betaName)\" is missing")
        }
    case .gguf:
        let key = "attention.temperature_scale"
        beta =
            source.configuration.contains(key) ? try source.configuration.number(key) : nil
    }
    guard let beta, beta != 0 else { return nil }
    guard case .yarn(_, _, _, let context, _, _) = try source.rotary(sizes).scaling, context > 0
    else {
        throw ADPOError(
            .unsupported, "\(source.path): \"\(betaName)\" without YaRN is not supported")
    }
    return AttentionBlock.PositionScale(beta: Float(beta), context: context)
}
