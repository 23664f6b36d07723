import Glibc

/// Rotary position embeddings (arXiv 2104.09864) and the ways to stretch them to longer contexts.
package struct RotaryEmbedding: Sendable {
    package enum Scaling: Sendable {
        case none
        /// All positions are divided by the factor (arXiv 2306.15595).
        case linear(factor: Double)
        /// The base grows with the text, once it is longer than `context` (NTK-aware, dynamic).
        case dynamic(factor: Double, context: Int)
        /// Long wavelengths are divided by the factor, short ones kept (Llama 3.1).
        case llama3(factor: Double, lowFrequency: Double, highFrequency: Double, context: Int)
        /// Arxiv 2309.00071; `magnitude` multiplies cosines and sines.
        case yarn(
            factor: Double, betaFast: Double, betaSlow: Double, context: Int, truncate: Bool,
            magnitude: Double)
        /// Each pair's frequency is divided by its factor: what GGUF files hold for Llama 3.1.
        case divisors([Float])
    }

    package var base: Double
    /// Dimensions of a head, all of which are rotated.
    package var headWidth: Int
    /// Pairs are (2i, 2i + 1), as in GGUF files, rather than (i, i + headWidth / 2).
    package var isInterleaved: Bool
    package var scaling: Scaling

    /// True when the frequencies depend on the text's length.
    package var dependsOnLength: Bool {
        if case .dynamic = scaling { true } else { false }
    }

    /// The angle per position of each pair, [headWidth / 2], for a text of `length` tokens.
    package func frequencies(length: Int) -> [Float] {
        let plain = Self.frequencies(base: base, width: headWidth)
        switch scaling {
        case .none:
            return plain
        case .linear(let factor):
            return plain.map { $0 / Float(factor) }
        case .dynamic(let factor, let context):
            guard length > context, headWidth > 2 else { return plain }
            let stretch = factor * Double(length) / Double(context) - (factor - 1)
            let exponent = Double(headWidth) / Double(headWidth - 2)
            return Self.frequencies(base: base * pow(stretch, exponent), width: headWidth)
        case .llama3(let factor, let low, let high, let context):
            return plain.map { frequency in
                let turns = Double(context) * Double(frequency) / (2 * .pi)
                let smooth = min(max((turns - low) / (high - low), 0), 1)
                return Float((1 - smooth) / factor + smooth) * frequency
            }
        case .yarn(let factor, let fast, let slow, let context, let truncate, _):
            let (low, high) = yarnRange(fast, slow, context, truncate)
            return plain.enumerated().map { pair, frequency in
                let ramp = min(max((Double(pair) - low) / (high - low), 0), 1)
                return Float(ramp / factor + 1 - ramp) * frequency
            }
        case .divisors(let divisors):
            return zip(plain, divisors).map { $0 / $1 }
        }
    }

    /// Multiplies cosines and sines.
    package var magnitude: Float {
        if case .yarn(_, _, _, _, _, let magnitude) = scaling { Float(magnitude) } else { 1 }
    }

    /// YaRN's default magnitude, equation 22 of the paper.
    package static func yarnMagnitude(factor: Double, scale: Double = 1) -> Double {
        factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1
    }

    /// The pairs between which YaRN goes from extrapolation to interpolation.
    private func yarnRange(
        _ fast: Double, _ slow: Double, _ context: Int, _ truncate: Bool
    ) -> (low: Double, high: Double) {
        func pair(turns: Double) -> Double {
            Double(headWidth) * log(Double(context) / (turns * 2 * .pi)) / (2 * log(base))
        }
        var (low, high) = (pair(turns: fast), pair(turns: slow))
        if truncate { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        low = max(low, 0)
        high = min(high, Double(headWidth - 1))
        return (low, low == high ? high + 0.001 : high)
    }

    private static func frequencies(base: Double, width: Int) -> [Float] {
        (0..<width / 2).map { 1 / Float(pow(base, Double(2 * $0) / Double(width))) }
    }
}
