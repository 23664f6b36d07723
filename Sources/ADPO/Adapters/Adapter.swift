import ADPOBase
import ADPOTensor

/// A LoRA adapter for one model (arXiv 2106.09685): y += scale B A x in linear layers. With DoRA
/// (arXiv 2402.09353) the rows of W + scale B A have trained norms.
///
/// Immutable; sessions on many threads may share one.
public final class Adapter: Sendable {
    public let model: Model
    package let layout: AdapterLayout
    package let alpha: Float
    /// scale is alpha / sqrt(rank) rather than alpha / rank (rsLoRA, arXiv 2312.03732).
    package let isRankStabilized: Bool
    /// The share of the inputs that training dropped, for those who train on.
    package let dropout: Double
    private let values: Buffer<Float>
    private let decomposition: WeightDecomposition?

    /// Copies `values`, [layout.count].
    package init(
        model: Model, layout: AdapterLayout, alpha: Float, isRankStabilized: Bool,
        dropout: Double = 0, values source: UnsafePointer<Float>
    ) throws(ADPOError) {
        let values = try Buffer<Float>(zeros: layout.count)
        values.pointer.update(from: source, count: layout.count)
        self.model = model
        self.layout = layout
        self.alpha = alpha
        self.isRankStabilized = isRankStabilized
        self.dropout = dropout
        self.values = values
        decomposition = try WeightDecomposition(layout)
        decomposition?.update(lora, model.weights)
    }

    /// The LoRA rank.
    public var rank: Int { layout.rank }

    /// The number of parameters.
    public var parameterCount: Int { layout.count }

    /// The matrices in use; valid while the adapter lives.
    package var lora: LoRAParameters {
        LoRAParameters(
            layout: layout, alpha: alpha, isRankStabilized: isRankStabilized,
            values: UnsafePointer(values.pointer), decomposition: decomposition)
    }

    /// - Throws: `.invalidArgument` unless the adapter was made for this model.
    func check(_ model: Model) throws(ADPOError) {
        guard self.model === model else {
            throw ADPOError(
                .invalidArgument,
                "the adapter belongs to another model (\(self.model.path)); load it for this one")
        }
    }
}
