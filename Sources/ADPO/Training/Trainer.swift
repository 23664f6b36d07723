import ADPOTensor
import Glibc

/// Tunes a LoRA adapter on all linear layers of a model with Autoregressive DPO
/// (arXiv 2602.09533). The model itself is the reference.
///
/// One thread at a time.
public final class Trainer {
    public let model: Model
    public let configuration: TrainerConfiguration
    /// The pairs in use, cut to the maximum length.
    public let pairs: [PreferencePair]
    /// Pairs left out, since their prompt alone fills the maximum length.
    public let droppedPairs: Int
    /// Pairs in use with a response that lost its end.
    public let truncatedPairs: Int
    /// Updates so far.
    public private(set) var stepsDone = 0

    package let layout: AdapterLayout
    private let loss: PreferenceLoss
    private let decoder: Decoder
    private let alpha: Float
    private let isRankStabilized: Bool
    private let parameters: Buffer<Float>  // [layout.count]
    private let gradientBuffer: Buffer<Float>  // [layout.count]
    private var optimizer: AdamW
    /// The reference's log-probs of each pair's response tokens, from its first use on.
    private var references: [[Float]?]
    /// The order of the pairs in the epoch that is running.
    private var order: [Int] = []

    /// Starts from the adapter `start`, or from a new one when it is nil.
    ///
    /// - Throws: `.invalidArgument` for a configuration that makes no sense, for pairs of another
    ///   vocabulary, and when no pair is left to train on; `.outOfMemory`.
    public init(
        model: Model, configuration: TrainerConfiguration = TrainerConfiguration(),
        pairs dataset: PreferenceDataset, start: Adapter? = nil
    ) throws(ADPOError) {
        try configuration.validate()
        try start?.check(model)
        guard dataset.vocabulary == model.architecture.vocabulary else {
            throw ADPOError(
                .invalidArgument, "the pairs were made for a model of another vocabulary")
        }
        let prepared = try dataset.prepared(
            maxLength: configuration.maxLength, granularity: configuration.granularity)
        let pairs = prepared.pairs
        guard !pairs.isEmpty else {
            throw ADPOError(
                .invalidArgument,
                prepared.dropped == 0
                    ? "there are no pairs to train on"
                    : "no pair is left to train on: the prompts of all \(prepared.dropped) pairs fill the "
                        + "maximum length of \(configuration.maxLength) tokens")
        }
        let layout: AdapterLayout
        if let start {
            layout = start.layout
        } else {
            layout = try AdapterLayout(
                model.architecture, rank: configuration.loraRank,
                targets: Set(LinearLayer.allCases))
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
        self.pairs = pairs
        droppedPairs = prepared.dropped
        truncatedPairs = prepared.truncated
        loss = try PreferenceLoss(beta: configuration.beta)
        decoder = try Decoder(
            model: model, dtype: configuration.dtype,
            activationBudget: configuration.activationBudget)
        self.layout = layout
        alpha = start?.alpha ?? configuration.loraAlpha
        isRankStabilized = start?.isRankStabilized ?? false
        self.parameters = parameters
        gradientBuffer = gradients
        optimizer = try AdamW(parameters: layout.count, configuration.optimizer)
        references = Array(repeating: nil, count: pairs.count)
    }

    /// What the products with weights compute in here: `.f32` or `.bf16`.
    public var dtype: DType { decoder.dtype }

    /// The number of parameters that are trained.
    public var parameterCount: Int { layout.count }

    /// The last update's gradients, clipped, [layout.count]; valid while the trainer lives.
    package var gradients: UnsafePointer<Float> { UnsafePointer(gradientBuffer.pointer) }

    private var stepsPerEpoch: Int {
        (pairs.count + configuration.batchSize - 1) / configuration.batchSize
    }

    /// Updates in the whole run.
    public var steps: Int { stepsPerEpoch * configuration.epochs }

    /// The adapter as it is now: a copy that later steps do not change.
    ///
    /// - Throws: `.outOfMemory`.
    public func adapter() throws(ADPOError) -> Adapter {
        try Adapter(
            model: model, layout: layout, alpha: alpha, isRankStabilized: isRankStabilized,
            values: parameters.pointer)
    }

    private var lora: LoRAParameters {
        let rank = Float(layout.rank)
        return LoRAParameters(
            layout: layout, scale: alpha / (isRankStabilized ? rank.squareRoot() : rank),
            values: parameters.pointer)
    }

    /// One update; nil after the last of the run.
    ///
    /// - Throws: `.numeric` for NaN or infinity, and the adapter is then as before the step;
    ///   `.outOfMemory`.
    public func step() throws(ADPOError) -> Metrics? {
        guard stepsDone < steps else { return nil }
        let start = monotonicSeconds()
        let batch = nextBatch()
        gradientBuffer.pointer.update(repeating: 0, count: layout.count)
        var sum = MetricsSum()
        for pass in PairBatch.packed(batch, of: pairs) {
            try accumulate(pass, pairsInBatch: batch.count, &sum)
        }
        var metrics = sum.means
        metrics.gradientNorm = try clipGradient(
            gradientBuffer.mutableSpan, maximumNorm: configuration.maxGradientNorm)
        metrics.learningRate =
            configuration.learningRate
            * configuration.schedule.factor(
                step: stepsDone, of: steps, warmup: configuration.warmupSteps)
        try optimizer.step(
            parameters: parameters.mutableSpan, gradients: gradientBuffer.span,
            learningRate: metrics.learningRate)
        stepsDone += 1
        metrics.step = stepsDone
        metrics.epoch = Double(stepsDone) / Double(stepsPerEpoch)
        metrics.dtype = dtype
        metrics.seconds = monotonicSeconds() - start
        return metrics
    }

    /// All steps that remain, or until `onStep` returns false.
    ///
    /// - Throws: as `step`.
    public func run(_ onStep: (Metrics) -> Bool = { _ in true }) throws(ADPOError) {
        while let metrics = try step() {
            if !onStep(metrics) { return }
        }
    }

    /// Loss and rewards of the policy as it is on other pairs, without an update.
    ///
    /// - Throws: `.invalidArgument` when no pair is left after truncation, `.numeric`,
    ///   `.outOfMemory`.
    public func evaluate(_ dataset: PreferenceDataset) throws(ADPOError) -> Metrics {
        let start = monotonicSeconds()
        guard dataset.vocabulary == model.architecture.vocabulary else {
            throw ADPOError(
                .invalidArgument, "the pairs were made for a model of another vocabulary")
        }
        let pairs = try dataset.prepared(
            maxLength: configuration.maxLength, granularity: configuration.granularity
        ).pairs
        guard !pairs.isEmpty else {
            throw ADPOError(.invalidArgument, "there are no pairs to evaluate")
        }
        var sum = MetricsSum()
        for pass in PairBatch.packed(pairs.indices, of: pairs) {
            let reference = try logProbs(pass.sequence, lora: nil)
            let policy = try logProbs(pass.sequence, lora: lora)
            _ = try losses(
                pass, of: pairs, policy: policy, reference: reference, pairsInBatch: pairs.count,
                &sum)
        }
        var metrics = sum.means
        metrics.step = stepsDone
        metrics.epoch = Double(stepsDone) / Double(stepsPerEpoch)
        metrics.dtype = dtype
        metrics.seconds = monotonicSeconds() - start
        return metrics
    }

    /// The pairs of the next update.
    private func nextBatch() -> ArraySlice<Int> {
        let (epoch, step) = stepsDone.quotientAndRemainder(dividingBy: stepsPerEpoch)
        if step == 0 || order.isEmpty {
            // Stream 0 of the seed is the adapter's start.
            var random = RandomGenerator(seed: configuration.seed, stream: UInt64(epoch) + 1)
            order = configuration.shuffles ? random.permutation(pairs.count) : Array(pairs.indices)
        }
        let first = step * configuration.batchSize
        return order[first..<min(first + configuration.batchSize, pairs.count)]
    }

    /// Adds the gradients of some pairs, each weighted by 1 / pairsInBatch.
    private func accumulate(
        _ pass: PairBatch, pairsInBatch: Int, _ sum: inout MetricsSum
    ) throws(ADPOError) {
        let reference = try referenceLogProbs(pass)
        let policy = try logProbs(pass.sequence, lora: lora, isTraining: true)
        let derivative = try losses(
            pass, of: pairs, policy: policy, reference: reference, pairsInBatch: pairsInBatch, &sum)
        derivative.withUnsafeBufferPointer { derivative in
            guard let derivative = derivative.baseAddress else { return }
            decoder.backward(derivative: derivative, lora: lora, gradients: gradientBuffer.pointer)
        }
    }

    /// The loss of each pair of a pass; returns its derivative by the policy's log-probs.
    private func losses(
        _ pass: PairBatch, of pairs: [PreferencePair], policy: [Float], reference: [Float],
        pairsInBatch: Int, _ sum: inout MetricsSum
    ) throws(ADPOError) -> [Float] {
        var derivative: [Float] = []
        for (index, targets) in pass.members {
            let pair = pairs[index]
            let policy = policy.span.extracting(targets)
            let segmentation = try Segmentation(configuration.granularity, pair)
            var pairDerivative = [Float](repeating: 0, count: targets.count)
            var output = pairDerivative.mutableSpan
            do throws(ADPOError) {
                let result = try loss(
                    policy: policy, reference: reference.span.extracting(targets),
                    segmentation: segmentation, scale: 1 / Double(pairsInBatch),
                    derivative: &output)
                sum.add(pair, result, beta: loss.beta, policy: policy)
            } catch {
                throw ADPOError(error.code, "pair \(index + 1): \(error.message)")
            }
            derivative += pairDerivative
        }
        return derivative
    }

    /// The reference's log-probs of a pass, computed once for each pair of the run.
    private func referenceLogProbs(_ pass: PairBatch) throws(ADPOError) -> [Float] {
        let missing = pass.members.map(\.index).filter { references[$0] == nil }
        for pass in PairBatch.packed(missing, of: pairs) {
            let logProbs = try logProbs(pass.sequence, lora: nil)
            for (index, targets) in pass.members { references[index] = Array(logProbs[targets]) }
        }
        return pass.members.flatMap { references[$0.index] ?? [] }
    }

    private func logProbs(
        _ sequence: PackedSequence, lora: LoRAParameters?, isTraining: Bool = false
    ) throws(ADPOError) -> [Float] {
        try decoder.forward(sequence, lora: lora, isTraining: isTraining)
        return decoder.logProbs()
    }
}

func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
