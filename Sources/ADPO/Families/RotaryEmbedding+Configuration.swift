import ADPOBase
import ADPOTensor

extension RotaryEmbedding {
    /// Where a config.json says what.
    package struct Keys {
        package var base = "rope_theta"
        package var defaultBase = 10000.0
        package var partial = "partial_rotary_factor"
        package var defaultPartial = 1.0
        /// The member of `rope_parameters` where layers of different types have one each.
        package var layerType: String?
        /// Only layers of one type have what `rope_scaling` of older files says.
        package var hasScaling = true

        package init() {}
    }

    /// From a config.json: `rope_parameters` as transformers 5 writes it, or `rope_theta` and
    /// `rope_scaling` as earlier ones did.
    package init(
        huggingFace json: JSON, headWidth: Int, context: Int, keys: Keys = Keys(), source: String
    ) throws(ADPOError) {
        let parameters = json["rope_parameters"]
        let scopes = [
            keys.layerType.map { parameters?[$0] } ?? parameters,
            keys.hasScaling ? json["rope_scaling"] : nil,
        ].compactMap(\.self)
        let scope = scopes.first { !$0.isNull } ?? .null
        let rope = Configuration(scope, source: source)
        let config = Configuration(json, source: source)
        base = try rope.number(
            "rope_theta", default: try config.number(keys.base, default: keys.defaultBase))
        let partial = try rope.number(
            "partial_rotary_factor",
            default: try config.number(keys.partial, default: keys.defaultPartial))
        width = try Self.width(
            Int(exactly: (Double(headWidth) * partial).rounded(.down)), headWidth, source)
        let original = try rope.integer(
            "original_max_position_embeddings",
            default: try config.integer("original_max_position_embeddings", default: context))
        var kind = rope.string("rope_type") ?? rope.string("type") ?? "default"
        // The first files of Phi-3 call it "su" or "yarn".
        if rope.contains("short_factor"), ["su", "yarn"].contains(kind) { kind = "longrope" }
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
        case "longrope":
            let stretch = try rope.number(
                "factor", default: Double(context) / Double(max(original, 1)))
            let magnitude = Self.longRoPEMagnitude(factor: stretch, context: original)
            scaling = .longRoPE(
                short: try Self.factors(scope["short_factor"], "short_factor", width, source),
                long: try Self.factors(scope["long_factor"], "long_factor", width, source),
                context: original,
                magnitude: try rope.number("attention_factor", default: magnitude))
        default:
            throw ADPOError(
                .unsupported, "\(source): the RoPE scaling \"\(kind)\" is not supported")
        }
    }

    private static func width(
        _ width: Int?, _ headWidth: Int, _ source: String
    ) throws(ADPOError) -> Int {
        guard let width, width >= 2, width <= headWidth, width % 2 == 0 else {
            throw ADPOError(
                .format,
                "\(source): RoPE cannot rotate \(width ?? 0) of a head's \(headWidth) dimensions")
        }
        return width
    }

    private static func factors(
        _ json: JSON?, _ key: String, _ width: Int, _ source: String
    ) throws(ADPOError) -> [Float] {
        let factors = json?.array?.compactMap(\.positiveNumber).map { Float($0) } ?? []
        guard factors.count == width / 2, json?.array?.count == width / 2 else {
            throw ADPOError(
                .format, "\(source): \"\(key)\" of the RoPE is not \(width / 2) positive numbers")
        }
        return factors
    }

    /// From GGUF metadata, and the tensors that hold what frequencies are divided by.
    package init(
        gguf: Configuration, headWidth: Int, tensors: (String) throws(ADPOError) -> TensorView?
    ) throws(ADPOError) {
        let source = gguf.source
        base = try gguf.number("rope.freq_base", default: 10000)
        width = try Self.width(
            try gguf.integer("rope.dimension_count", default: headWidth), headWidth, source)
        let count = width / 2
        func divisors(_ name: String) throws(ADPOError) -> [Float]? {
            guard let view = try tensors(name) else { return nil }
            guard view.elementCount == count else {
                throw ADPOError(
                    .format, "\(source): \(name) has \(view.elementCount) elements, not \(count)")
            }
            let vector = try Vector(view)
            return Array(UnsafeBufferPointer(start: vector.pointer, count: vector.count))
        }
        // As llama.cpp has it: linear where no type is named, and under an older key.
        let factor = try gguf.number(
            "rope.scaling.factor", default: try gguf.number("rope.scale_linear", default: 1))
        let kind = gguf.string("rope.scaling.type") ?? "linear"
        func context() throws(ADPOError) -> Int {
            try gguf.integer(
                "rope.scaling.original_context_length",
                default: try gguf.integer("context_length"))
        }
        if let long = try divisors(Self.longFactors), let short = try divisors(Self.shortFactors) {
            scaling = .longRoPE(
                short: short, long: long, context: try context(),
                magnitude: try gguf.number("rope.scaling.attn_factor", default: 1))
            return
        }
        if try tensors(Self.divisorsName) != nil {
            guard kind == "none" || kind == "linear" && factor == 1 else {
                throw ADPOError(
                    .unsupported,
                    "\(source): rope_freqs.weight together with the RoPE scaling \"\(kind)\" is "
                        + "not supported")
            }
        }
        if let divisors = try divisors(Self.divisorsName) {
            scaling = .divisors(divisors)
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
                context: try context(), truncate: true,
                magnitude: Self.yarnMagnitude(factor: factor)
                    * (try gguf.number("rope.scaling.attn_factor", default: 1)))
        default:
            throw ADPOError(
                .unsupported, "\(source): the RoPE scaling \"\(kind)\" is not supported")
        }
    }

    /// The tensors that hold configuration.
    static let divisorsName = "rope_freqs.weight"
    static let longFactors = "rope_factors_long.weight"
    static let shortFactors = "rope_factors_short.weight"
}
