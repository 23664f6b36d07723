import ADPOBase
import ADPOTensor

/// Adapter parameters in use: those of an adapter, or of a trainer's policy.
package struct LoRAParameters {
    package let layout: AdapterLayout
    /// alpha / rank, or alpha / sqrt(rank) for rsLoRA (arXiv 2312.03732).
    package let scale: Float
    /// [layout.count]
    package let values: UnsafePointer<Float>
    /// DoRA's gains for these values; nil without magnitudes.
    var decomposition: WeightDecomposition?
    /// Set in a training pass with dropout.
    var dropout: AdapterDropout?

    package init(
        layout: AdapterLayout, alpha: Float, isRankStabilized: Bool, values: UnsafePointer<Float>,
        decomposition: WeightDecomposition? = nil
    ) {
        self.layout = layout
        scale = Self.scale(alpha: alpha, rank: layout.rank, isRankStabilized)
        self.values = values
        self.decomposition = decomposition
    }

    static func scale(alpha: Float, rank: Int, _ isRankStabilized: Bool) -> Float {
        let rank = Float(rank)
        return alpha / (isRankStabilized ? rank.squareRoot() : rank)
    }

    /// The update of a linear layer; nil when it is not adapted.
    package func update(of weight: MatrixID) -> LoRA? {
        layout[weight].map { module in
            LoRA(
                a: values + module.a.lowerBound, b: values + module.b.lowerBound,
                rank: layout.rank, rows: module.rows, columns: module.columns, scale: scale,
                dropout: dropout?.mask(of: weight), dora: decomposition?.dora(module))
        }
    }
}

/// The dropout of one training pass: a mask for each adapted layer, as in PEFT.
///
/// The masks follow from the seed and the pass alone. So the backward pass has those of the forward
/// pass, and a run that is resumed those that it would have had.
struct AdapterDropout {
    let probability: Double
    private let seed: UInt64

    /// The stream of masks from the run's seed. Lower ones are the adapter's start, and the order of each
    /// epoch.
    private static let stream: UInt64 = 1 << 32

    /// - Parameter pass: numbers that tell a pass of the run from all others.
    init(probability: Double, seed: UInt64, pass: [Int]) {
        self.probability = probability
        self.seed = Self.seed(seed, Self.stream, pass)
    }

    func mask(of weight: MatrixID) -> Dropout {
        Dropout(probability: probability, seed: Self.seed(seed, 0, [weight.index]))
    }

    /// A seed for each path of numbers.
    private static func seed(_ seed: UInt64, _ stream: UInt64, _ path: [Int]) -> UInt64 {
        var random = RandomGenerator(seed: seed, stream: stream)
        return path.reduce(random.next()) { seed, number in
            var random = RandomGenerator(seed: seed, stream: UInt64(truncatingIfNeeded: number))
            return random.next()
        }
    }
}
