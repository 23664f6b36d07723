import ADPOBase
import ADPOTensor

extension LlamaLike {
    /// A layer of Gemma 2 and 3, with a norm before and behind each branch.
    func layerNormedTwice(
        _ build: inout ParameterBuilder, attention: (inout ParameterBuilder) -> AttentionBlock
    ) -> Layer {
        let before = norm(&build, .inputNorm)
        let block = attention(&build)
        let after = norm(&build, .init("post_attention_layernorm", "post_attention_norm"))
        let innerBefore = norm(&build, .init("pre_feedforward_layernorm", "ffn_norm"))
        let inner = FeedForward(
            &build, gated: activation, width: sizes.width, inner: sizes.inner)
        let innerAfter = norm(&build, .init("post_feedforward_layernorm", "post_ffw_norm"))
        return Layer(
            mixer: Branch(before: before, .attention(block), after: after),
            feedForward: Branch(before: innerBefore, .feedForward(inner), after: innerAfter))
    }
}

/// What Gemma 2 and 3 say of attention and logits beside the sizes.
struct GemmaKeys {
    /// The model whose queries llama.cpp scales otherwise than by the head width: the one of so many layers.
    let deepest: Int

    static let attentionCap = "attn_logit_softcapping"
    static let logitCap = "final_logit_softcapping"

    /// The scale of attention, 1 / sqrt(query_pre_attn_scalar). GGUF files do not say it.
    func scale(_ source: ModelSource, _ sizes: Sizes) throws(ADPOError) -> Float {
        let scalar =
            source.kind == .gguf
            ? Double(ggufScalar(sizes))
            : try source.configuration.number("query_pre_attn_scalar", default: 256)
        return 1 / Float(scalar).squareRoot()
    }

    private func ggufScalar(_ sizes: Sizes) -> Int {
        sizes.layers == deepest ? sizes.width / sizes.heads : sizes.headWidth
    }

    /// A soft cap; null says that there is none.
    ///
    /// - Parameter fallback: The cap where the file does not say it.
    static func cap(
        _ source: ModelSource, _ key: String, default fallback: Float? = nil
    ) throws(ADPOError) -> Float? {
        if source.configuration.contains(key) {
            return Float(try source.configuration.number(key))
        }
        return source.json[key] == nil ? fallback : nil
    }

    /// Writes what `scale` and `cap` read, and attention's biases.
    ///
    /// - Throws: `.unsupported` where llama.cpp takes another scale for granted.
    func write(_ architecture: Architecture, _ writer: inout ConfigurationWriter) throws(ADPOError)
    {
        let attention = architecture.attention?.attention
        let scale = Double(attention?.scale ?? 1)
        let scalar = (1 / (scale * scale)).rounded()
        writer.setHuggingFace("query_pre_attn_scalar", .integer(Int(exactly: scalar) ?? 256))
        try writer.refuseInGGUF(
            "attention that is scaled otherwise than by the head width",
            if: scalar != Double(ggufScalar(try Sizes(architecture))))
        for (key, cap) in [
            (Self.attentionCap, attention?.softCap), (Self.logitCap, architecture.logitCap),
        ] {
            writer.setHuggingFace(key, cap.map { .shortest($0) } ?? .null)
            if let cap { writer.setGGUF(key, .number(Double(cap))) }
        }
        writer.setAttentionBias(architecture)
    }
}

extension ModelSource {
    /// Gemma's encoders share the decoder's `model_type`.
    func refuseBidirectionalAttention() throws(ADPOError) {
        let key = "use_bidirectional_attention"
        if try configuration.bool(key, default: false) {
            throw ADPOError(.unsupported, "\(path): \"\(key)\" is not supported")
        }
    }
}
