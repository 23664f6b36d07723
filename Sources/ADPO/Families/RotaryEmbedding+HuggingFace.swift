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
        scaling = try Self.scaling(rope, scope, width: width, original: original, context: context)
    }

    private static func scaling(
        _ rope: Configuration, _ scope: JSON, width: Int, original: Int, context: Int
    ) throws(ADPOError) -> Scaling {
        var kind = rope.string("rope_type") ?? rope.string("type") ?? "default"
        // The first files of Phi-3 call it "su" or "yarn".
        if rope.contains("short_factor"), ["su", "yarn"].contains(kind) { kind = "longrope" }
        switch kind {
        case "default":
            return .none
        case "linear":
            return .linear(factor: try rope.number("factor"))
        case "dynamic":
            return .dynamic(factor: try rope.number("factor"), context: context)
        case "llama3":
            return .llama3(
                factor: try rope.number("factor"),
                lowFrequency: try rope.number("low_freq_factor"),
                highFrequency: try rope.number("high_freq_factor"), context: original)
        case "yarn":
            return try yarn(rope, context: original)
        case "longrope":
            let stretch = try rope.number(
                "factor", default: Double(context) / Double(max(original, 1)))
            let magnitude = longRoPEMagnitude(factor: stretch, context: original)
            return .longRoPE(
                short: try factors(scope["short_factor"], "short_factor", width, rope.source),
                long: try factors(scope["long_factor"], "long_factor", width, rope.source),
                context: original,
                magnitude: try rope.number("attention_factor", default: magnitude))
        default:
            throw unsupported(kind, rope.source)
        }
    }

    private static func yarn(
        _ rope: Configuration, context: Int
    ) throws(ADPOError) -> Scaling {
        let factor = try rope.number("factor")
        var magnitude = yarnMagnitude(factor: factor)
        if rope.contains("mscale"), rope.contains("mscale_all_dim") {
            magnitude =
                yarnMagnitude(factor: factor, scale: try rope.number("mscale"))
                / yarnMagnitude(factor: factor, scale: try rope.number("mscale_all_dim"))
        }
        return .yarn(
            factor: factor, betaFast: try rope.number("beta_fast", default: 32),
            betaSlow: try rope.number("beta_slow", default: 1), context: context,
            truncate: try rope.bool("truncate", default: true),
            magnitude: try rope.number("attention_factor", default: magnitude))
    }

    static func unsupported(_ kind: String, _ source: String) -> ADPOError {
        ADPOError(.unsupported, "\(source): the RoPE scaling \"\(kind)\" is not supported")
    }

    static func width(
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
}
