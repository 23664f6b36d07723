import ADPOBase
import ADPOTensor

extension Family {
    /// Granite 3 and 4, the dense ones: llama with factors of embeddings, attention, branches and logits.
    package static let granite = Family(
        name: "granite", ggufName: "granite",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, context: 2048)
            let configuration = source.configuration
            guard try configuration.bool("rope.scaling.finetuned", default: true) else {
                throw ADPOError(
                    .unsupported, "\(source.path): Granite without RoPE is not supported")
            }
            let bias = try source.bias("attention_bias")
            let innerBias = try source.bias("mlp_bias")
            let scale = Float(try configuration.number(.residualScale, default: 1))
            // llama.cpp scales attention as usual where the file does not say it.
            let usual = 1 / Double(llama.sizes.headWidth).squareRoot()
            let attentionScale = Float(
                try configuration.number(
                    .attentionScale, default: source.kind == .gguf ? usual : 1))
            var architecture = try llama.architecture("granite") { (build, _) in
                llama.layer(&build, innerBias: innerBias, scale: scale) { build in
                    llama.interleavedAttention(&build, scale: attentionScale, bias: bias)
                }
            }
            architecture.embeddingScale = Float(
                try configuration.number(.embeddingScale, default: 1))
            architecture.logitScale = 1 / Float(try configuration.number(.logitScale, default: 1))
            return architecture
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "granite", class: "GraniteForCausalLM")
            writer.setAttentionBias(architecture)
            writer.setHuggingFace("mlp_bias", .bool(architecture.hasInnerBias))
            for (key, value) in [
                (.embeddingScale, architecture.embeddingScale),
                (.residualScale, architecture.layers.first?.mixer.scale ?? 1),
                (.attentionScale, architecture.attention?.attention.scale ?? 1),
                (.logitScale, 1 / architecture.logitScale),
            ] as [(ConfigurationKey, Float)] {
                writer.set(key, .number(Double(value)))
            }
        })
}

extension ConfigurationKey {
    fileprivate static let embeddingScale = Self("embedding_multiplier", "embedding_scale")
    fileprivate static let residualScale = Self("residual_multiplier", "residual_scale")
    fileprivate static let attentionScale = Self("attention_multiplier", "attention.scale")
    /// Logits are divided by it.
    fileprivate static let logitScale = Self("logits_scaling", "logit_scale")
}
