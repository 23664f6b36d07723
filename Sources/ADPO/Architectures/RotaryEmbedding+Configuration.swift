import ADPOTensor

extension RotaryEmbedding {
    /// From a config.json: `rope_parameters` as transformers 5 writes it, or `rope_theta` and
    /// `rope_scaling` as earlier ones did.
    package init(
        huggingFace json: JSON, headWidth: Int, context: Int, source: String
    ) throws(ADPOError) {
        let scopes = [json["rope_parameters"], json["rope_scaling"]].compactMap(\.self)
        let rope = Configuration(scopes.first { !$0.isNull } ?? .null, source: source)
        let config = Configuration(json, source: source)
        base = try rope.number(
            "rope_theta", default: try config.number("rope_theta", default: 10000))
        self.headWidth = headWidth
        isInterleaved = false
        guard try rope.number("partial_rotary_factor", default: 1) == 1 else {
            throw ADPOError(.unsupported, "\(source): partial rotary embeddings are not supported")
        }
        let original = try rope.integer("original_max_position_embeddings", default: context)
        let kind = rope.string("rope_type") ?? rope.string("type") ?? "default"
        switch kind {
        case "default":
            scaling = .none
        case "linear":
            scaling = .linear(factor: try rope.number("factor"))
        case "dynamic":
            scaling = .dynamic(factor: try rope.number("factor"), context: context)
        case "llama3":
            scaling = .llama3(
                factor: try rope.number("factor"),
                lowFrequency: try rope.number("low_freq_factor"),
                highFrequency: try rope.number("high_freq_factor"), context: original)
        case "yarn":
            let factor = try rope.number("factor")
            var magnitude = Self.yarnMagnitude(factor: factor)
            if rope.contains("mscale"), rope.contains("mscale_all_dim") {
                magnitude =
                    Self.yarnMagnitude(factor: factor, scale: try rope.number("mscale"))
                    / Self.yarnMagnitude(factor: factor, scale: try rope.number("mscale_all_dim"))
            }
            scaling = .yarn(
                factor: factor, betaFast: try rope.number("beta_fast", default: 32),
                betaSlow: try rope.number("beta_slow", default: 1), context: original,
                truncate: try rope.bool("truncate", default: true),
                magnitude: try rope.number("attention_factor", default: magnitude))
        default:
            throw ADPOError(
                .unsupported, "\(source): the RoPE scaling \"\(kind)\" is not supported")
        }
    }

    /// From GGUF metadata; `divisors` is the tensor rope_freqs.weight, if there is one.
    package init(
        gguf: Configuration, headWidth: Int, divisors: TensorView?
    ) throws(ADPOError) {
        base = try gguf.number("rope.freq_base", default: 10000)
        self.headWidth = headWidth
        isInterleaved = true
        guard try gguf.integer("rope.dimension_count", default: headWidth) == headWidth else {
            throw ADPOError(
                .unsupported, "\(gguf.source): partial rotary embeddings are not supported")
        }
        // As llama.cpp has it: linear where no type is named, and under an older key.
        let factor = try gguf.number(
            "rope.scaling.factor", default: try gguf.number("rope.scale_linear", default: 1))
        let kind = gguf.string("rope.scaling.type") ?? "linear"
        if let divisors {
            guard kind == "none" || kind == "linear" && factor == 1 else {
                throw ADPOError(
                    .unsupported,
                    "\(gguf.source): rope_freqs.weight together with the RoPE scaling \"\(kind)\" is "
                        + "not supported")
            }
            guard divisors.elementCount == headWidth / 2 else {
                throw ADPOError(
                    .format,
                    "\(gguf.source): rope_freqs.weight has \(divisors.elementCount) "
                        + "elements, not \(headWidth / 2)")
            }
            let vector = try Vector(divisors)
            scaling = .divisors(
                Array(UnsafeBufferPointer(start: vector.pointer, count: vector.count)))
            return
        }
        switch kind {
        case "none":
            scaling = .none
        case "linear":
            scaling = factor == 1 ? .none : .linear(factor: factor)
        case "yarn":
            scaling = .yarn(
                factor: factor,
                betaFast: try gguf.number("rope.scaling.yarn_beta_fast", default: 32),
                betaSlow: try gguf.number("rope.scaling.yarn_beta_slow", default: 1),
                context: try gguf.integer(
                    "rope.scaling.original_context_length",
                    default: try gguf.integer("context_length")), truncate: true,
                magnitude: Self.yarnMagnitude(factor: factor)
                    * (try gguf.number("rope.scaling.attn_factor", default: 1)))
        default:
            throw ADPOError(
                .unsupported, "\(gguf.source): the RoPE scaling \"\(kind)\" is not supported")
        }
    }
}
