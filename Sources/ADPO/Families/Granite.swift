import ADPOBase
import ADPOTensor

extension Family {
    /// Granite 3 and 4, the dense ones: llama with factors of embeddings, attention, branches and logits.
    package static let granite = Family(
        name: "granite", ggufName: "granite",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, context: 2048)
            let factors = try GraniteFactors(source, llama.sizes)
            let bias = try source.bias("attention_bias")
            let innerBias = try source.bias("mlp_bias")
            var architecture = try llama.architecture("granite") { (build, _) in
                llama.layer(&build, innerBias: innerBias, scale: factors.residual) { build in
                    llama.interleavedAttention(&build, scale: factors.attention, bias: bias)
                }
            }
            factors.set(in: &architecture)
            return architecture
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "granite", class: "GraniteForCausalLM")
            writer.setAttentionBias(architecture)
            writer.setHuggingFace("mlp_bias", .bool(architecture.hasInnerBias))
            GraniteFactors(architecture).write(to: &writer)
        })
}

/// The factors that Granite's models have beside llama's.
struct GraniteFactors {
    let embedding: Float
    let attention: Float
    let residual: Float
    let logits: Float

    init(_ source: ModelSource, _ sizes: Sizes) throws(ADPOError) {
        let configuration = source.configuration
        guard try configuration.bool("rope.scaling.finetuned", default: true) else {
            throw ADPOError(
                .unsupported, "\(source.path): Granite without RoPE is not supported")
        }
        // llama.cpp scales attention as usual where the file does not say it.
        let usual = 1 / Double(sizes.headWidth).squareRoot()
        attention = Float(
            try configuration.number(.attentionScale, default: source.kind == .gguf ? usual : 1))
        residual = Float(try configuration.number(.residualScale, default: 1))
        embedding = Float(try configuration.number(.embeddingScale, default: 1))
        logits = 1 / Float(try configuration.number(.logitScale, default: 1))
    }

    init(_ architecture: Architecture) {
        embedding = architecture.embeddingScale
        attention = architecture.attention?.attention.scale ?? 1
        residual = architecture.layers.first?.mixer.scale ?? 1
        logits = architecture.logitScale
    }

    /// Sets those that are not the layers'.
    func set(in architecture: inout Architecture) {
        architecture.embeddingScale = embedding
        architecture.logitScale = logits
    }

    func write(to writer: inout ConfigurationWriter) {
        for (key, value) in [
            (.embeddingScale, embedding), (.residualScale, residual),
            (.attentionScale, attention), (.logitScale, 1 / logits),
        ] as [(ConfigurationKey, Float)] {
            writer.set(key, .number(Double(value)))
        }
    }
}

extension ConfigurationKey {
    fileprivate static let embeddingScale = Self("embedding_multiplier", "embedding_scale")
    fileprivate static let residualScale = Self("residual_multiplier", "residual_scale")
    fileprivate static let attentionScale = Self("attention_multiplier", "attention.scale")
    /// Logits are divided by it.
    fileprivate static let logitScale = Self("logits_scaling", "logit_scale")
}
