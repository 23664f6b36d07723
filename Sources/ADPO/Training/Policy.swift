import ADPOBase
import ADPOTensor

/// The parameters that a trainer trains, as one flat vector: an adapter beside the frozen weights,
/// or all weights.
struct Policy {
    private enum Kind {
        case adapter(AdapterLayout, alpha: Float, isRankStabilized: Bool, WeightDecomposition?)
        /// They lie in the parameters.
        case weights(Weights)
    }

    private let model: Model
    private let kind: Kind
    /// The dropout of adapters, which keep it for those who train on.
    private let dropout: Double
    let parameters: SharedFloats

    /// - Throws: `.invalidArgument` for settings that make no sense, `.unsupported` for weights that
    ///   are quantized where all are to be trained, `.outOfMemory`.
    init(
        _ model: Model, _ configuration: TrainerConfiguration, start: Adapter?
    ) throws(ADPOError) {
        self.model = model
        dropout = configuration.loraDropout
        if configuration.fullFineTuning {
            guard start == nil else {
                throw ADPOError(
                    .invalidArgument,
                    "full fine-tuning has no adapter to start from; export the model with the "
                        + "adapter merged in, and tune that")
            }
            try Self.checkIsUnquantized(model)
            parameters = try SharedFloats(zeros: model.weights.parameterCount)
            kind = .weights(Weights(copying: model.weights, into: parameters))
            return
        }
        let layout: AdapterLayout
        if let start {
            layout = start.layout
        } else {
            layout = try configuration.adapterLayout(model.architecture.parameters)
        }
        let decomposition = try WeightDecomposition(layout)
        parameters = try SharedFloats(zeros: layout.count)
        kind = .adapter(
            layout, alpha: start?.alpha ?? configuration.loraAlpha,
            isRankStabilized: start?.isRankStabilized ?? configuration.usesRSLoRA, decomposition)
        if let start {
            parameters.pointer.update(from: start.lora.values, count: layout.count)
        } else {
            layout.initialize(parameters.pointer, seed: configuration.seed)
            if let lora = lora() {
                decomposition?.initialize(parameters.pointer, lora, model.weights)
            }
        }
        parametersChanged()
    }

    static func checkIsUnquantized(_ model: Model) throws(ADPOError) {
        guard let quantized = model.weights.firstQuantized else { return }
        throw ADPOError(
            .unsupported,
            "\(model.path) has weights in \(quantized.encoding.name): full fine-tuning needs F32, "
                + "F16 or BF16. Tune an adapter, or export the model in one of these and tune that")
    }

    /// Follows every change of the parameters.
    func parametersChanged() {
        guard case .adapter(_, _, _, let decomposition) = kind, let lora = lora() else { return }
        decomposition?.update(lora, model.weights)
    }

    /// The number of parameters, from the first on, that weight decay is for: as in transformers, all
    /// but norms and biases.
    var decaying: Int { weights?.list.matrixElements ?? parameters.count }

    /// The weights, where they are trained.
    var weights: Weights? {
        if case .weights(let weights) = kind { weights } else { nil }
    }

    /// The adapter's matrices, where they are trained; dropout is of one pass.
    func lora(dropout: AdapterDropout? = nil) -> LoRAParameters? {
        guard case .adapter(let layout, let alpha, let isRankStabilized, let decomposition) = kind
        else { return nil }
        var lora = LoRAParameters(
            layout: layout, alpha: alpha, isRankStabilized: isRankStabilized,
            values: parameters.pointer, decomposition: decomposition)
        lora.dropout = dropout
        return lora
    }

    /// A vector laid out like the parameters, as the backward pass takes it.
    func gradients(_ values: UnsafeMutablePointer<Float>) -> Gradients {
        switch kind {
        case .adapter: .adapter(values)
        case .weights:
            .weights(WeightGradients(list: model.architecture.parameters, values: values))
        }
    }

    /// - Throws: `.invalidArgument` where weights are trained, `.outOfMemory`.
    func adapter() throws(ADPOError) -> Adapter {
        guard case .adapter(let layout, let alpha, let isRankStabilized, _) = kind else {
            throw ADPOError(
                .invalidArgument,
                "full fine-tuning changes the weights themselves: take the model, there is no "
                    + "adapter")
        }
        return try Adapter(
            model: model, layout: layout, alpha: alpha, isRankStabilized: isRankStabilized,
            dropout: dropout, values: parameters.pointer)
    }

    /// - Throws: `.invalidArgument` where an adapter is trained, `.outOfMemory`.
    func tunedModel() throws(ADPOError) -> Model {
        guard let weights else {
            throw ADPOError(
                .invalidArgument, "the weights are as they were: take the adapter, which is trained"
            )
        }
        let floats = try SharedFloats(zeros: parameters.count)
        return Model(model, weights: Weights(copying: weights, into: floats))
    }
}
