import ADPOBase
import ADPOTensor

extension ConfigurationKey {
    static let rmsEpsilon = ConfigurationKey("rms_norm_eps", "attention.layer_norm_rms_epsilon")
    static let layerNormEpsilon = ConfigurationKey(
        "layer_norm_eps", "attention.layer_norm_epsilon")
    static let window = ConfigurationKey("sliding_window", "attention.sliding_window")
}

extension ParameterBuilder.Name {
    static let inputNorm = Self("input_layernorm", "attn_norm")
    static let afterAttention = Self("post_attention_layernorm", "post_attention_norm")
    static let afterFeedForward = Self("post_feedforward_layernorm", "post_ffw_norm")
    static let postAttentionNorm = Self("post_attention_layernorm", "ffn_norm")
}

extension AttentionBlock.Rotary {
    /// Of the one embedding, with pairs (i, i + half) in both kinds of files.
    static let halves = Self(table: 0, isInterleaved: false)
    /// The same with pairs (2i, 2i + 1).
    static let interleaved = Self(table: 0, isInterleaved: true)
}

extension ModelSource {
    /// The rotary embedding of a family that has one for all of its layers.
    func rotary(
        _ sizes: Sizes, keys: RotaryEmbedding.Keys = RotaryEmbedding.Keys()
    ) throws(ADPOError) -> RotaryEmbedding {
        switch kind {
        case .huggingFace:
            try RotaryEmbedding(
                huggingFace: json, headWidth: sizes.headWidth, context: sizes.context, keys: keys,
                source: path)
        case .gguf:
            try RotaryEmbedding(
                gguf: configuration, headWidth: sizes.headWidth,
                tensors: { (name) throws(ADPOError) in try file.tensor(name) })
        }
    }

    /// A sliding window of attention; nil where the file has none.
    func window() throws(ADPOError) -> Int? {
        let window = try configuration.integer(.window, default: 0)
        return window > 0 ? window : nil
    }
}

extension Architecture {
    /// The activation of the feed-forward parts.
    var activation: Activation? {
        switch layers.first?.feedForward.block {
        case .feedForward(let block): block.activation
        case .experts(let block): block.experts.first?.activation
        case .attention, nil: nil
        }
    }

    /// The feed-forward parts have biases.
    var hasInnerBias: Bool {
        guard case .feedForward(let block) = layers.first?.feedForward.block else { return false }
        return block.output.bias != nil
    }
}
