import ADPOBase

/// How a trainer tunes.
public struct TrainerConfiguration: Sendable {
    /// The objective that the run minimizes.
    public var objective = Objective()

    /// Trains all weights of the model, which must be F32, F16 or BF16, instead of an adapter. Weights,
    /// gradients and what the optimizer keeps take 16 bytes a parameter with AdamW, 12 with SGD.
    public var fullFineTuning = false

    /// The rank of a new adapter; one to start from brings its own rank, alpha, modules and kind.
    public var loraRank = 16
    public var loraAlpha: Float = 32
    /// The linear layers to adapt. Each entry is "all-linear"; a name such as "q_proj" or
    /// "model.layers.3.mlp.up_proj", matched as PEFT does; or a pattern for full names, such as
    /// "model.layers.*.mlp.*".
    public var targetModules = ["all-linear"]
    /// Scales by alpha / sqrt(rank) rather than alpha / rank (rsLoRA, arXiv 2312.03732).
    public var usesRSLoRA = false
    /// Trains a magnitude for each row of an adapted weight, and LoRA its direction (DoRA,
    /// arXiv 2402.09353).
    public var usesDoRA = false
    /// The share of an adapter's inputs that a training pass drops, also where training starts from
    /// an adapter.
    public var loraDropout = 0.0

    public var dtype = DType.f32

    /// The model that the policy is compared with.
    public var reference = Reference.base
    /// Where the reference's log-probs are kept for later runs; nil keeps them in memory alone.
    public var referenceCache: String?

    public var epochs = 1
    /// Pairs in a micro-batch.
    public var batchSize = 4
    /// Micro-batches for each update.
    public var gradientAccumulation = 1
    /// Tokens of prompt + response; longer ones lose their end.
    public var maxLength = 1024
    /// The seed of the adapter's start, of the shuffling and of dropout.
    public var seed: UInt64 = 0
    public var shuffles = true

    public var learningRate = 2e-5
    public var schedule = Schedule.linear
    /// Updates during which the rate rises from 0; below 1, the share of all updates, rounded up.
    public var warmupSteps = 0.0
    /// 0 does not clip.
    public var maxGradientNorm = 1.0
    public var optimizer = OptimizerKind.adamw
    public var weightDecay = 0.0
    /// The momentum of SGD; AdamW has `adamBeta1` in its place.
    public var momentum = 0.0
    public var adamBeta1 = 0.9
    public var adamBeta2 = 0.999
    public var adamEpsilon = 1e-8

    /// Bytes of activations that are kept for the backward pass. Layers beyond keep their input alone
    /// and are computed again, to the same bits: with 0 a step takes a third more time.
    public var activationMemory = 1 << 30

    public init() {}

    /// The settings that arXiv 2602.09533 calls ADPO in its table of results. The others, such as the
    /// size of a batch, which the paper does not tell, are the defaults.
    public static var paper: TrainerConfiguration {
        var configuration = TrainerConfiguration()
        configuration.objective.granularity = .adaptive(256)
        configuration.objective.beta = 1
        configuration.loraRank = 16
        configuration.optimizer = .adamw
        configuration.learningRate = 2e-5
        configuration.epochs = 3
        return configuration
    }

    /// Where the parameters of a new adapter lie.
    ///
    /// - Throws: `.invalidArgument` for an impossible rank, and for modules that the model lacks.
    func adapterLayout(_ parameters: ParameterList) throws(ADPOError) -> AdapterLayout {
        try AdapterLayout(
            parameters, rank: loraRank, weights: TargetModule.matching(targetModules, parameters),
            hasMagnitudes: usesDoRA)
    }

    package var optimizerSettings: OptimizerSettings {
        OptimizerSettings(
            weightDecay: weightDecay, momentum: momentum, beta1: adamBeta1, beta2: adamBeta2,
            epsilon: adamEpsilon)
    }
}
