import ADPOBase

/// The cost of a run, in memory and time.
struct Cost {
    private let model: Model
    private let configuration: TrainerConfiguration
    /// The adapter's parameters; nil where the model itself is trained.
    private let layout: AdapterLayout?
    private let parameters: Int

    init(_ model: Model, _ configuration: TrainerConfiguration) throws(ADPOError) {
        self.model = model
        self.configuration = configuration
        if configuration.fullFineTuning { try Policy.checkIsUnquantized(model) }
        layout =
            configuration.fullFineTuning
            ? nil : try configuration.adapterLayout(model.architecture.parameters)
        parameters = layout?.count ?? model.weights.parameterCount
    }

    func memory(_ pairs: [PreferencePair]) -> Inspection.Memory {
        let float = MemoryLayout<Float>.size
        // In the order of the data; shuffled batches have passes of much the same size.
        var largest = 0
        for start in stride(from: 0, to: pairs.count, by: configuration.batchSize) {
            let batch = start..<min(start + configuration.batchSize, pairs.count)
            for pass in PairBatch.packed(batch, of: pairs) {
                let sequence = pass.sequence
                let shape = PassShape(
                    tokens: sequence.tokens.count, keys: sequence.keyCount,
                    targets: sequence.targets.count, rank: layout?.rank ?? 0,
                    hasMagnitudes: layout?.hasMagnitudes ?? false,
                    hasDropout: configuration.loraDropout > 0, isTraining: true,
                    activationMemory: configuration.activationMemory,
                    dtype: configuration.dtype.resolved(for: model.weights))
                let memory = PassMemory(
                    model.architecture, shape, head: model.architecture.logProbs(model.weights))
                largest = max(largest, memory.byteCount)
            }
        }
        let responseTokens = pairs.reduce(0) { $0 + $1.chosen.count + $1.rejected.count }
        return Inspection.Memory(
            weights: model.info.weightBytes, activations: largest,
            parameters: parameters * float, gradients: parameters * float,
            optimizer: (configuration.optimizer == .adamw ? 2 : 1) * parameters * float,
            references: configuration.objective.needsReference ? responseTokens * float : 0)
    }

    /// Makes an update of a new adapter on the first pairs, and times it.
    func time(
        _ pairs: [PreferencePair], tokenizer: PairTokenizer
    ) throws(ADPOError) -> Inspection.Time {
        let sample = try sample(of: pairs)
        var dataset = PreferenceDataset(
            vocabulary: model.architecture.vocabulary, tokenizer: tokenizer)
        try dataset.append(contentsOf: sample)
        var configuration = configuration
        configuration.objective.granularity = .response
        configuration.objective.padding = .mask
        configuration.batchSize = sample.count
        configuration.gradientAccumulation = 1
        configuration.warmupSteps = 0
        configuration.referenceCache = nil
        let trainer = try Trainer(model: model, configuration: configuration, pairs: dataset)
        try trainer.accumulate()  // reads the weights from the file, and computes the reference
        trainer.state.window = []
        let start = Clock.monotonicSeconds
        try trainer.accumulate()
        // A run would refuse pairs that teach nothing; their time is that of others.
        _ = try? trainer.apply()
        let middle = Clock.monotonicSeconds
        _ = try trainer.evaluate(dataset)  // policy and reference, forward
        let end = Clock.monotonicSeconds

        let share = operations(pairs) / operations(sample)
        let epoch = (middle - start) * share
        let reference =
            configuration.objective.needsReference ? (end - middle) / 2 * share : 0
        return Inspection.Time(
            measuredTokens: sample.reduce(0) { $0 + $1.tokenCount }, measured: middle - start,
            reference: reference, epoch: epoch,
            run: reference + epoch * Double(self.configuration.epochs))
    }

    /// The first pairs: some hundred tokens, and fewer for large models, so that it takes seconds.
    private func sample(of pairs: [PreferencePair]) throws(ADPOError) -> [PreferencePair] {
        let limit = min(max(100_000_000_000 / max(model.info.parameters, 1), 64), 512)
        var sample: [PreferencePair] = []
        var tokens = 0
        for pair in pairs {
            tokens += pair.tokenCount
            if tokens > limit { break }
            sample.append(pair)
        }
        if sample.isEmpty, let first = pairs.first {
            let (prompt, chosen, rejected) = (
                Array(first.prompt.prefix(limit / 8)), Array(first.chosen.prefix(limit / 8)),
                Array(first.rejected.prefix(limit / 8))
            )
            sample = [
                first.isPaired
                    ? try PreferencePair(prompt: prompt, chosen: chosen, rejected: rejected)
                    : try PreferencePair(
                        prompt: prompt, completion: chosen + rejected,
                        isDesirable: rejected.isEmpty)
            ]
        }
        if configuration.objective.loss == .kto, sample.count == 1 { sample += sample }
        return sample
    }

    /// Floating-point operations of a forward pass, to compare.
    private func operations(_ pairs: [PreferencePair]) -> Double {
        let architecture = model.architecture
        let weights = architecture.multiplications
        let head = Double(architecture.vocabulary) * Double(architecture.width)
        let queries = architecture.layers.reduce(0.0) { sum, layer in
            sum + Double(layer.attention?.queryWidth ?? 0)
        }
        return pairs.reduce(0) { sum, pair in
            let prompt = Double(pair.prompt.count)
            let responses = [Double(pair.chosen.count), Double(pair.rejected.count)]
            let tokens = prompt + responses.reduce(0, +)
            let keys = prompt * prompt / 2 + responses.reduce(0) { $0 + $1 * (prompt + $1 / 2) }
            return sum + 2 * weights * tokens + 2 * head * (tokens - prompt)
                + 4 * queries * keys
        }
    }
}

extension PreferencePair {
    /// That are computed: the prompt's once.
    fileprivate var tokenCount: Int { prompt.count + chosen.count + rejected.count }
}
