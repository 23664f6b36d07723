import ADPO
import ADPOBase
import CADPO

extension adpo_trainer_config {
    init(_ configuration: TrainerConfiguration) {
        self.init()
        dtype = configuration.dtype.cValue
        full_finetuning = configuration.fullFineTuning ? 1 : 0
        lora_rank = UInt32(clamping: configuration.loraRank)
        lora_alpha = Double(configuration.loraAlpha)
        lora_dropout = configuration.loraDropout
        use_rslora = configuration.usesRSLoRA ? 1 : 0
        use_dora = configuration.usesDoRA ? 1 : 0
        epochs = UInt32(clamping: configuration.epochs)
        batch_size = UInt32(clamping: configuration.batchSize)
        gradient_accumulation = UInt32(clamping: configuration.gradientAccumulation)
        max_length = UInt32(clamping: configuration.maxLength)
        activation_memory = UInt64(clamping: configuration.activationMemory)
        seed = configuration.seed
        shuffle = configuration.shuffles ? 1 : 0
        learning_rate = configuration.learningRate
        schedule = configuration.schedule.cValue
        warmup_steps = configuration.warmupSteps
        max_gradient_norm = configuration.maxGradientNorm
        weight_decay = configuration.weightDecay
        optimizer = configuration.optimizer.cValue
        momentum = configuration.momentum
        adam_beta1 = configuration.adamBeta1
        adam_beta2 = configuration.adamBeta2
        adam_epsilon = configuration.adamEpsilon
        reference = configuration.reference.cValue
    }
}

extension TrainerConfiguration {
    /// The configuration that a host's struct holds; the defaults for NULL.
    ///
    /// - Throws: `.invalidArgument` for a struct of another size and values that no enum has.
    init(_ host: UnsafePointer<adpo_trainer_config>?) throws(ADPOError) {
        self.init()
        guard let host else { return }
        try self.init(adpo_trainer_config.read(host, over: adpo_trainer_config(self), "config"))
    }

    /// - Throws: `.invalidArgument` for values that no enum has.
    init(_ config: adpo_trainer_config) throws(ADPOError) {
        self.init()
        if let objective = config.objective { self.objective = try Objective(objective) }
        schedule = try Schedule(config.schedule)
        dtype = try DType(config.dtype)
        fullFineTuning = config.full_finetuning != 0
        loraRank = Int(config.lora_rank)
        loraAlpha = Float(config.lora_alpha)
        loraDropout = config.lora_dropout
        if let modules = config.target_modules {
            targetModules = String(cString: modules).utf8
                .split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        }
        usesRSLoRA = config.use_rslora != 0
        usesDoRA = config.use_dora != 0
        epochs = Int(config.epochs)
        batchSize = Int(config.batch_size)
        gradientAccumulation = Int(config.gradient_accumulation)
        maxLength = Int(config.max_length)
        activationMemory = Int(clamping: config.activation_memory)
        seed = config.seed
        shuffles = config.shuffle != 0
        learningRate = config.learning_rate
        warmupSteps = config.warmup_steps
        maxGradientNorm = config.max_gradient_norm
        weightDecay = config.weight_decay
        optimizer = try OptimizerKind(config.optimizer)
        momentum = config.momentum
        adamBeta1 = config.adam_beta1
        adamBeta2 = config.adam_beta2
        adamEpsilon = config.adam_epsilon
        reference = try Reference(config.reference)
        if let path = config.reference_cache {
            referenceCache = try ADPOExports.path(path, "reference_cache")
        }
    }
}

extension adpo_metrics {
    init(_ metrics: Metrics) {
        self.init()
        struct_size = UInt32(MemoryLayout<adpo_metrics>.size)
        step = UInt64(metrics.step)
        epoch = metrics.epoch
        loss = metrics.loss
        loss_per_segment = metrics.lossPerSegment
        gradient_norm = metrics.gradientNorm
        learning_rate = metrics.learningRate
        rewards_chosen = metrics.rewardsChosen
        rewards_rejected = metrics.rewardsRejected
        rewards_accuracy = metrics.rewardsAccuracy
        rewards_margin = metrics.rewardsMargin
        logps_chosen = metrics.logProbsChosen
        logps_rejected = metrics.logProbsRejected
        dtype = metrics.dtype.cValue
        pairs = UInt64(metrics.pairs)
        segments = UInt64(metrics.segments)
        tokens = UInt64(metrics.tokens)
        seconds = metrics.seconds
        num_tokens = UInt64(metrics.numTokens)
        tokens_per_second = metrics.tokensPerSecond
        is_evaluation = metrics.isEvaluation ? 1 : 0
        chosen_fall = metrics.chosenFall
        kl = metrics.kl
    }
}

extension DType: HeaderEnum {
    static var name: String { "dtype" }
    var cValue: adpo_dtype {
        switch self {
        case .f32: adpo_dtype(ADPO_DTYPE_F32)
        case .bf16: adpo_dtype(ADPO_DTYPE_BF16)
        case .auto: adpo_dtype(ADPO_DTYPE_AUTO)
        }
    }
}

extension Schedule: HeaderEnum {
    static var name: String { "schedule" }
    var cValue: adpo_schedule {
        switch self {
        case .linear: adpo_schedule(ADPO_SCHEDULE_LINEAR)
        case .constant: adpo_schedule(ADPO_SCHEDULE_CONSTANT)
        case .cosine: adpo_schedule(ADPO_SCHEDULE_COSINE)
        }
    }
}

extension OptimizerKind: HeaderEnum {
    static var name: String { "optimizer" }
    var cValue: adpo_optimizer {
        switch self {
        case .adamw: adpo_optimizer(ADPO_OPTIMIZER_ADAMW)
        case .sgd: adpo_optimizer(ADPO_OPTIMIZER_SGD)
        }
    }
}

extension Reference: HeaderEnum {
    static var name: String { "reference" }
    var cValue: adpo_reference {
        switch self {
        case .base: adpo_reference(ADPO_REFERENCE_BASE)
        case .start: adpo_reference(ADPO_REFERENCE_START)
        }
    }
}
