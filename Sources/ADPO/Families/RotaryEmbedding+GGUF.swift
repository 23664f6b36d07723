import ADPOBase
import ADPOTensor

extension RotaryEmbedding {
    /// The tensors that hold configuration.
    static let divisorsName = "rope_freqs.weight"
    static let longFactors = "rope_factors_long.weight"
    static let shortFactors = "rope_factors_short.weight"

    /// From GGUF metadata, and the tensors that hold what frequencies are divided by.
    package init(
        gguf: Configuration, headWidth: Int, tensors: (String) throws(ADPOError) -> TensorView?
    ) throws(ADPOError) {
        base = try gguf.number("rope.freq_base", default: 10000)
        width = try Self.width(
            try gguf.integer("rope.dimension_count", default: headWidth), headWidth, gguf.source)
        if let long = try tensors(Self.longFactors), let short = try tensors(Self.shortFactors) {
            scaling = .longRoPE(
                short: try Self.divisors(short, width, gguf.source),
                long: try Self.divisors(long, width, gguf.source),
                context: try Self.originalContext(gguf),
                magnitude: try gguf.number("rope.scaling.attn_factor", default: 1))
            return
        }
        scaling = try Self.scaling(gguf)
        guard let view = try tensors(Self.divisorsName) else { return }
        guard case .none = scaling else {
            throw ADPOError(
                .unsupported,
                "\(gguf.source): rope_freqs.weight together with a RoPE scaling is not supported")
        }
        scaling = .divisors(try Self.divisors(view, width, gguf.source))
    }

    private static func scaling(_ gguf: Configuration) throws(ADPOError) -> Scaling {
        // As llama.cpp has it: linear where no type is named, and under an older key.
        let factor = try gguf.number(
            "rope.scaling.factor", default: try gguf.number("rope.scale_linear", default: 1))
        let kind = gguf.string("rope.scaling.type") ?? "linear"
        switch kind {
        case "none":
            return .none
        case "linear":
            return factor == 1 ? .none : .linear(factor: factor)
        case "yarn":
            return .yarn(
                factor: factor,
                betaFast: try gguf.number("rope.scaling.yarn_beta_fast", default: 32),
                betaSlow: try gguf.number("rope.scaling.yarn_beta_slow", default: 1),
                context: try originalContext(gguf), truncate: true,
                magnitude: try yarnMagnitude(gguf, factor: factor)
                    * gguf.number("rope.scaling.attn_factor", default: 1))
        default:
            throw unsupported(kind, gguf.source)
        }
    }

    /// As transformers has it with an `mscale` of 1; the key holds `mscale_all_dim`.
    private static func yarnMagnitude(
        _ gguf: Configuration, factor: Double
    ) throws(ADPOError) -> Double {
        let key = "rope.scaling.yarn_log_multiplier"
        guard gguf.contains(key) else { return yarnMagnitude(factor: factor) }
        return yarnMagnitude(factor: factor)
            / yarnMagnitude(factor: factor, scale: try gguf.number(key))
    }

    private static func divisors(
        _ view: TensorView, _ width: Int, _ source: String
    ) throws(ADPOError) -> [Float] {
        guard view.elementCount == width / 2 else {
            throw ADPOError(
                .format,
                "\(source): \(view.name) has \(view.elementCount) elements, not \(width / 2)")
        }
        let vector = try Vector(view)
        return Array(UnsafeBufferPointer(start: vector.pointer, count: vector.count))
    }

    private static func originalContext(_ gguf: Configuration) throws(ADPOError) -> Int {
        try gguf.integer(
            "rope.scaling.original_context_length", default: try gguf.integer("context_length"))
    }
}
