import ADPOTensor

/// Tunes a LoRA adapter on linear layers of a model with Autoregressive DPO (arXiv 2602.09533).
///
/// One thread at a time.
public final class Trainer {
    public let model: Model
    public let configuration: TrainerConfiguration
    /// Updates so far.
    public internal(set) var stepsDone = 0

    package let layout: AdapterLayout
    let loss: PreferenceLoss
    let decoder: Decoder
    let start: Adapter?
    let alpha: Float
    let isRankStabilized: Bool
    let parameters: Buffer<Float>  // [layout.count]
    private let decomposition: WeightDecomposition?
    let gradientBuffer: Buffer<Float>  // [layout.count]
    let optimizer: any Optimizer
    package let training: PairSet
    /// What the schedule starts from.
    var learningRate: Double
    /// What each micro-batch of the update that is under way saw.
    var window: [Metrics] = []
    /// Tokens of all updates so far.
    var tokensSeen = 0
    /// An update has changed the adapter.
    var hasMoved = false
    /// The order of the pairs in the epoch that is running.
    var order: (epoch: Int, indices: [Int])?

    /// Whether the chosen responses become less likely.
    var trend = ChosenTrend()
    /// What the run's evaluations have shown.
    var evaluations: EvaluationHistory?
    /// The checkpoint that was written or restored last.
    var lastSaved: (path: String, step: Int)?
    /// Reads all weights: only where it is needed.
    lazy var modelFingerprint = model.fingerprint
    /// A file that the references are to be written to.
    var unwrittenCache: ReferenceCache?

    /// Starts from the adapter `start`, or from a new one when it is nil.
    ///
    /// - Throws: `.invalidArgument` for a configuration that makes no sense, for pairs of another
    ///   vocabulary, and when no pair is left to train on; `.io` or `.format` for the reference
    ///   cache; `.outOfMemory`.
    public init(
        model: Model, configuration: TrainerConfiguration = TrainerConfiguration(),
        pairs dataset: PreferenceDataset, start: Adapter? = nil
    ) throws(ADPOError) {
        try configuration.validate()
        try start?.check(model)
        training = try PairSet(dataset, of: model, configuration)
        let layout: AdapterLayout
        if let start {
            layout = start.layout
        } else {
            layout = try configuration.adapterLayout(model.architecture)
        }
        let parameters = try Buffer<Float>(zeros: layout.count)
        if let start {
            parameters.pointer.update(from: start.lora.values, count: layout.count)
        } else {
            layout.initialize(parameters.pointer, seed: configuration.seed)
        }
        let gradients = try Buffer<Float>(zeros: layout.count)
        self.model = model
        self.configuration = configuration
        self.start = start
        loss = try PreferenceLoss(configuration.objective)
        decoder = try Decoder(
            model: model, dtype: configuration.dtype,
            activationMemory: configuration.activationMemory)
        self.layout = layout
        alpha = start?.alpha ?? configuration.loraAlpha
        isRankStabilized = start?.isRankStabilized ?? configuration.usesRSLoRA
        self.parameters = parameters
        gradientBuffer = gradients
        decomposition = try WeightDecomposition(layout)
        optimizer = try configuration.optimizer.make(parameters: layout.count, configuration)
        learningRate = configuration.learningRate
        if start == nil {
            decomposition?.initialize(self.parameters.pointer, lora, model.weights)
        }
        parametersChanged()
        try openReferenceCache()
    }

    /// The pairs in use, cut to the maximum length.
    public var pairs: [PreferencePair] { training.pairs }

    /// Pairs left out, since their prompt alone fills the maximum length.
    public var droppedPairs: Int { training.dropped }

    /// Pairs in use with a response that lost its end.
    public var truncatedPairs: Int { training.truncated }

    /// What the products with weights compute in here: `.f32` or `.bf16`.
    public var dtype: DType { decoder.dtype }

    /// The number of parameters that are trained.
    public var parameterCount: Int { layout.count }

    /// The adapter as it is now: a copy that later steps do not change.
    ///
    /// - Throws: `.outOfMemory`.
    public func adapter() throws(ADPOError) -> Adapter {
        try Adapter(
            model: model, layout: layout, alpha: alpha, isRankStabilized: isRankStabilized,
            values: parameters.pointer)
    }

    /// Sets the learning rate that the schedule multiplies, from the next update on.
    ///
    /// - Throws: `.invalidArgument` unless it is finite and not negative.
    public func setLearningRate(_ rate: Double) throws(ADPOError) {
        guard rate >= 0, rate.isFinite else {
            throw ADPOError(
                .invalidArgument, "the learning rate is \(rate); it must be 0 or above")
        }
        learningRate = rate
    }

    /// The policy's matrices.
    var lora: LoRAParameters {
        LoRAParameters(
            layout: layout, alpha: alpha, isRankStabilized: isRankStabilized,
            values: parameters.pointer, decomposition: decomposition)
    }

    /// Follows every change of the parameters.
    func parametersChanged() {
        decomposition?.update(lora, model.weights)
    }

    func logProbs(
        _ sequence: PackedSequence, lora: LoRAParameters?, isTraining: Bool = false
    ) throws(ADPOError) -> [Float] {
        try decoder.forward(sequence, lora: lora, isTraining: isTraining)
        return decoder.logProbs()
    }
}
