import ADPOBase
import ADPOTensor
import CKernels

/// An update: micro-batches are accumulated, then applied.
extension Trainer {
    /// One update; nil after the last of the run.
    ///
    /// - Throws: `.numeric` for NaN or infinity, and the parameters are then as before the step;
    ///   `.outOfMemory`.
    public func step() throws(ADPOError) -> Metrics? {
        guard stepsDone < steps else { return nil }
        while state.window.count < windowCount { _ = try accumulate() }
        return try apply()
    }

    /// Adds the gradient of the next micro-batch of the update: the mean over its pairs, divided by
    /// the number of micro-batches.
    ///
    /// - Returns: What the micro-batch saw.
    /// - Throws: `.invalidArgument` when the update has all of its micro-batches, and after the last
    ///   one; `.numeric` for NaN or infinity, and the update is then to be accumulated anew;
    ///   `.outOfMemory`.
    @discardableResult
    public func accumulate() throws(ADPOError) -> Metrics {
        guard stepsDone < steps else { throw runIsOver }
        guard state.window.count < windowCount else {
            throw ADPOError(
                .invalidArgument,
                "all \(windowCount) micro-batches of the update are accumulated; apply it")
        }
        let start = Clock.monotonicSeconds
        if state.window.isEmpty {
            gradientBuffer.pointer.update(repeating: 0, count: parameterCount)
        }
        let batch = nextBatch()
        var sum = MetricsSum()
        do {
            let kl = try klDivergence(batch, of: training)
            for (index, pass) in PairBatch.packed(batch, of: pairs).enumerated() {
                try accumulate(
                    pass, index: index, kl: kl, pairsInUpdate: batch.count * windowCount, &sum)
            }
            try checkGradient(of: batch, kl: kl)
        } catch {
            state.window = []
            throw error
        }
        var metrics = sum.means
        metrics.step = stepsDone
        metrics.epoch = epoch
        metrics.numTokens = state.tokensSeen
        metrics.dtype = dtype
        metrics.seconds = Clock.monotonicSeconds - start
        state.window.append(metrics)
        return metrics
    }

    /// Calls `body` with the gradient that is accumulated, or that the last update used: flat, laid
    /// out like the parameters. It may be changed before `apply`, for example to the mean over
    /// several machines.
    public func withGradients<Result>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
    ) rethrows -> Result {
        try body(gradientBuffer.mutableElements)
    }

    /// The same, valid while the trainer lives.
    package var gradients: UnsafeMutableBufferPointer<Float> { gradientBuffer.mutableElements }

    /// Clips the accumulated gradient and updates the parameters with it.
    ///
    /// - Returns: What the update saw: means over its micro-batches.
    /// - Throws: `.invalidArgument` before all micro-batches of the update are accumulated;
    ///   `.numeric` when the gradient holds NaN or infinity, or when the first update does nothing:
    ///   its gradient is 0, or it changes none of the parameters. They are then as before, and the
    ///   update is to be accumulated anew.
    public func apply() throws(ADPOError) -> Metrics {
        guard stepsDone < steps else { throw runIsOver }
        guard state.window.count == windowCount else {
            throw ADPOError(
                .invalidArgument,
                "\(state.window.count) of the update's \(windowCount) micro-batches are accumulated; "
                    + "accumulate the others first")
        }
        let start = Clock.monotonicSeconds
        var metrics = Metrics(meanOf: state.window)
        state.window = []
        metrics.gradientNorm = try clipGradient(
            gradientBuffer.mutableElements, maximumNorm: configuration.maxGradientNorm)
        metrics.learningRate =
            state.learningRate
            * configuration.schedule.factor(
                step: stepsDone, of: steps, warmup: warmup)
        try checkFirstGradient(norm: metrics.gradientNorm)
        try update(metrics)
        state.stepsDone += 1
        state.tokensSeen += metrics.tokens
        metrics.step = stepsDone
        metrics.epoch = epoch
        metrics.numTokens = state.tokensSeen
        metrics.chosenFall = state.trend.add(metrics.rewardsChosen / configuration.objective.beta)
        metrics.seconds += Clock.monotonicSeconds - start
        return metrics
    }

    private var runIsOver: ADPOError {
        ADPOError(.invalidArgument, "the run is over: all \(steps) steps are done")
    }

    /// Adds the gradients of some pairs, each weighted by 1 / pairsInUpdate.
    ///
    /// - Parameter index: of the pass in its micro-batch.
    func accumulate(
        _ pass: PairBatch, index: Int, kl: Double, pairsInUpdate: Int, _ sum: inout MetricsSum
    ) throws(ADPOError) {
        let dropout =
            configuration.loraDropout == 0
            ? nil
            : AdapterDropout(
                probability: configuration.loraDropout, seed: configuration.seed,
                pass: [stepsDone, state.window.count, index])
        let reference = try referenceLogProbs(pass, of: training)
        let logProbs = try policyLogProbs(pass, dropout: dropout, isTraining: true)
        try checkStart(pass, policy: logProbs.values, reference: reference)
        let derivative = try losses(
            pass, of: training, policy: logProbs, reference: reference, kl: kl,
            pairsInBatch: pairsInUpdate, &sum)
        derivative.withUnsafeBufferPointer { derivative in
            guard let derivative = derivative.baseAddress else { return }
            decoder.backward(
                derivative: derivative,
                gradients: policy.gradients(gradientBuffer.pointer))
        }
    }

    private func update(_ metrics: Metrics) throws(ADPOError) {
        let learningRate = metrics.learningRate
        // Until an update has changed something, it is tried first.
        if !state.hasMoved, learningRate != 0, metrics.gradientNorm != 0 {
            guard try changesParameters(learningRate) else {
                throw ADPOError(
                    .numeric,
                    """
                    the first update changed no parameter: the learning rate \(learningRate) is \
                    too small for 32-bit numbers and a gradient norm of \(metrics.gradientNorm)
                    """)
            }
            state.hasMoved = true
        }
        try optimizer.step(
            parameters: parameters.mutableElements, gradients: gradientBuffer.elements,
            learningRate: learningRate)
        policy.parametersChanged()
    }

    /// Whether the update will change a parameter, tried on copies of some at a time.
    private func changesParameters(_ learningRate: Double) throws(ADPOError) -> Bool {
        let (size, decaying) = (1 << 16, policy.decaying)
        for start in stride(from: 0, to: parameterCount, by: size) {
            let range = start..<min(start + size, parameterCount)
            let trial = try configuration.optimizer.make(
                parameters: range.count, decaying: max(0, decaying - start),
                configuration.optimizerSettings)
            trial.steps = optimizer.steps
            for (copy, state) in zip(trial.state, optimizer.state) {
                _ = copy.values.update(fromContentsOf: state.values[range])
            }
            let before = parameters.elements[range]
            let values = try Buffer<Float>(zeros: range.count)
            _ = values.mutableElements.update(fromContentsOf: before)
            try trial.step(
                parameters: values.mutableElements,
                gradients: UnsafeBufferPointer(rebasing: gradientBuffer.elements[range]),
                learningRate: learningRate)
            if !values.elements.elementsEqual(before) { return true }
        }
        return false
    }
}
