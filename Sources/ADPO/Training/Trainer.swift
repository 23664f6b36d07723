import ADPOBase
import ADPOTensor

/// Tunes a LoRA adapter on linear layers of a model, or the model itself, with Autoregressive DPO
/// (arXiv 2602.09533).
///
/// One thread at a time.
public final class Trainer {
    public let model: Model
    public let configuration: TrainerConfiguration
    let loss: PreferenceLoss
    let decoder: Decoder
    /// The adapter that training starts from, where it is the reference; otherwise the policy has
    /// its copy.
    let start: Adapter?
    /// The fingerprint of the adapter that training starts from.
    let startFingerprint: String?
    let policy: Policy
    let gradientBuffer: Buffer<Float>  // [parameterCount]
    let optimizer: any Optimizer
    package let training: PairSet
    var state: RunState
    /// The checkpoint that was written or restored last.
    var lastSaved: (path: String, step: Int)?
    /// A file that the references are to be written to.
    var unwrittenCache: ReferenceCache?

    /// The order of the pairs in the epoch that is running.
    var order: (epoch: Int, indices: [Int])?
    /// Reads all weights: only where it is needed.
    lazy var modelFingerprint = model.fingerprint

    /// Starts from the adapter `start`, or from a new one when it is nil; full fine-tuning starts
    /// from the model's weights.
    ///
    /// - Throws: `.invalidArgument` for a configuration that makes no sense, for pairs of another
    ///   vocabulary, and when no pair is left to train on; `.unsupported` for full fine-tuning of a
    ///   quantized model; `.io` or `.format` for the reference cache; `.outOfMemory`.
    public init(
        model: Model, configuration: TrainerConfiguration = TrainerConfiguration(),
        pairs dataset: PreferenceDataset, start: Adapter? = nil
    ) throws(ADPOError) {
        try configuration.validate()
        try start?.check(model)
        training = try PairSet(dataset, of: model, configuration)
        let policy = try Policy(model, configuration, start: start)
        let gradients = try Buffer<Float>(zeros: policy.parameters.count)
        self.model = model
        self.configuration = configuration
        self.start = configuration.reference == .start ? start : nil
        startFingerprint = start?.lora.fingerprint(model.architecture.parameters)
        loss = try PreferenceLoss(configuration.objective)
        decoder = try Decoder(
            model: model, dtype: configuration.dtype,
            activationMemory: configuration.activationMemory)
        self.policy = policy
        gradientBuffer = gradients
        optimizer = try configuration.optimizer.make(
            parameters: policy.parameters.count, decaying: policy.decaying,
            configuration.optimizerSettings)
        state = RunState(learningRate: configuration.learningRate)
        try require(
            steps > 1 || warmup == 0,
            "the run has one update, and warmup begins with a rate of 0: leave the warmup out")
        try openReferenceCache()
    }

    /// Updates so far.
    public var stepsDone: Int { state.stepsDone }

    /// The pairs in use, cut to the maximum length.
    public var pairs: [PreferencePair] { training.pairs }

    /// Pairs left out, since their prompt alone fills the maximum length.
    public var droppedPairs: Int { training.dropped }

    /// Pairs in use with a response that lost its end.
    public var truncatedPairs: Int { training.truncated }

    /// The precision that products with weights compute in here: `.f32` or `.bf16`.
    public var dtype: DType { decoder.dtype }

    /// The number of parameters that are trained.
    public var parameterCount: Int { policy.parameters.count }

    /// The adapter as it is now: a copy that later steps do not change.
    ///
    /// - Throws: `.invalidArgument` in full fine-tuning, which has none; `.outOfMemory`.
    public func adapter() throws(ADPOError) -> Adapter { try policy.adapter() }

    /// The model as full fine-tuning has made it so far, its weights in F32: a copy that later steps
    /// do not change.
    ///
    /// - Throws: `.invalidArgument` where an adapter is tuned, `.outOfMemory`.
    public func tunedModel() throws(ADPOError) -> Model { try policy.tunedModel() }

    /// Sets the learning rate that the schedule multiplies, from the next update on.
    ///
    /// - Throws: `.invalidArgument` unless it is finite and not negative.
    public func setLearningRate(_ rate: Double) throws(ADPOError) {
        try checkLearningRate(rate)
        state.learningRate = rate
    }

    var parameters: SharedFloats { policy.parameters }

    /// Runs the policy, which is trained.
    func forwardPolicy(
        _ sequence: PackedSequence, dropout: AdapterDropout? = nil, isTraining: Bool = false
    ) throws(ADPOError) {
        try decoder.forward(
            sequence, weights: policy.weights, lora: policy.lora(dropout: dropout),
            isTraining: isTraining)
    }

    /// Runs the reference, which the policy is compared with.
    func forwardReference(_ sequence: PackedSequence) throws(ADPOError) {
        try decoder.forward(sequence, lora: referenceLoRA)
    }
}
