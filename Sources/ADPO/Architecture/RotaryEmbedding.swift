import ADPOBase

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
        /// Each pair's frequency is divided by a factor, another one once the text is longer than
        /// `context` (LongRoPE, arXiv 2402.13753).
        case longRoPE(short: [Float], long: [Float], context: Int, magnitude: Double)
    }

    package var base: Double
    /// The first dimensions of a head, those that are rotated.
    package var width: Int
    package var scaling: Scaling

    package init(base: Double, width: Int, scaling: Scaling = .none) {
        self.base = base
        self.width = width
        self.scaling = scaling
    }

    /// Texts of two lengths have the same frequencies if this is the same number.
    package func variant(length: Int) -> Int {
        switch scaling {
        case .none, .linear, .llama3, .yarn, .divisors: 0
        case .dynamic(_, let context): max(length, context)
        case .longRoPE(_, _, let context, _): length > context ? 1 : 0
        }
    }

    /// The angle per position of each pair, [width / 2], for a text of `length` tokens.
    package func frequencies(length: Int) -> [Float] {
        let plain = Self.frequencies(base: base, width: width)
        switch scaling {
        case .none:
            return plain
        case .linear(let factor):
            return plain.map { $0 / Float(factor) }
        case .dynamic(let factor, let context):
            guard length > context, width > 2 else { return plain }
            let stretch = factor * Double(length) / Double(context) - (factor - 1)
            let exponent = Double(width) / Double(width - 2)
            return Self.frequencies(base: base * pow(stretch, exponent), width: width)
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
        case .longRoPE(let short, let long, let context, _):
            return zip(plain, length > context ? long : short).map { $0 / $1 }
        }
    }

    /// A factor of all cosines and sines.
    package var magnitude: Float {
        switch scaling {
        case .yarn(_, _, _, _, _, let magnitude), .longRoPE(_, _, _, let magnitude):
            Float(magnitude)
        case .none, .linear, .dynamic, .llama3, .divisors: 1
        }
    }

    /// YaRN's default magnitude, equation 22 of the paper.
    package static func yarnMagnitude(factor: Double, scale: Double = 1) -> Double {
        factor <= 1 ? 1 : 0.1 * scale * log(factor) + 1
    }

    /// LongRoPE's default magnitude, for a context that is `factor` times the original one.
    package static func longRoPEMagnitude(factor: Double, context: Int) -> Double {
        factor <= 1 || context <= 1 ? 1 : (1 + log(factor) / log(Double(context))).squareRoot()
    }

    /// The pairs between which YaRN goes from extrapolation to interpolation.
    private func yarnRange(
        _ fast: Double, _ slow: Double, _ context: Int, _ truncate: Bool
    ) -> (low: Double, high: Double) {
        func pair(turns: Double) -> Double {
            Double(width) * log(Double(context) / (turns * 2 * .pi)) / (2 * log(base))
        }
        var (low, high) = (pair(turns: fast), pair(turns: slow))
        if truncate { (low, high) = (low.rounded(.down), high.rounded(.up)) }
        low = max(low, 0)
        high = min(high, Double(width - 1))
        return (low, low == high ? high + 0.001 : high)
    }

    private static func frequencies(base: Double, width: Int) -> [Float] {
        (0..<width / 2).map { 1 / Float(pow(base, Double(2 * $0) / Double(width))) }
    }
}
