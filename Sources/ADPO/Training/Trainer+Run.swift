import ADPOBase
import ADPOTensor

extension Trainer {
    /// All steps that remain, with evaluations and checkpoints between them, or until `onMetrics`
    /// returns false. It is called after each update and each evaluation.
    ///
    /// - Throws: as `step`, `evaluate` and `save`; `.invalidArgument` for a configuration that makes
    ///   no sense.
    public func run(
        _ configuration: RunConfiguration = RunConfiguration(),
        _ onMetrics: (Metrics) -> Bool = { _ in true }
    ) throws(ADPOError) {
        try configuration.validate()
        if let path = configuration.checkpoint { try AtomicFile.check(path) }
        let heldOut = try beginEvaluations(configuration)
        while true {
            let isOver =
                stepsDone >= steps
                || configuration.patience > 0
                    && state.evaluations?.sinceBest ?? 0 >= configuration.patience
            if let heldOut, isOver || isDue(every: configuration.evaluationSteps),
                stepsDone > 0, state.evaluations?.step != stepsDone
            {
                if !onMetrics(try evaluate(heldOut, configuration)) { return }
                continue  // it may have been the one that ends the run
            }
            if let path = configuration.checkpoint,
                isOver || isDue(every: configuration.checkpointSteps),
                lastSaved?.path != path || lastSaved?.step != stepsDone
            {
                try save(to: path)
            }
            if isOver { break }
            guard let metrics = try step(), onMetrics(metrics) else { return }
        }
        if configuration.keepsBest, let best = state.evaluations?.bestParameters {
            _ = parameters.mutableElements.update(fromContentsOf: best)
            policy.parametersChanged()
        }
    }

    /// The update with the lowest loss of the run's evaluations; nil before the first evaluation.
    public var bestEvaluation: (step: Int, loss: Double)? {
        state.evaluations.flatMap { $0.step == nil ? nil : ($0.bestStep, $0.bestLoss) }
    }

    private func isDue(every count: Int) -> Bool {
        count > 0 && stepsDone > 0 && stepsDone % count == 0
    }

    private func beginEvaluations(
        _ configuration: RunConfiguration
    ) throws(ADPOError) -> PairSet? {
        guard let dataset = configuration.evaluation else { return nil }
        let heldOut = try heldOut(dataset)
        let pairs = heldOut.wholeFingerprint
        if let evaluations = state.evaluations, evaluations.step != nil {
            try require(
                evaluations.pairs == pairs
                    || configuration.patience == 0 && !configuration.keepsBest,
                """
                the run has been evaluated on other pairs so far; its best cannot be compared with \
                these
                """)
            try require(
                evaluations.bestParameters != nil || !configuration.keepsBest,
                "the run has not kept its best so far, so it cannot end with it")
        }
        if state.evaluations?.pairs != pairs { state.evaluations = EvaluationHistory(pairs: pairs) }
        return heldOut
    }

    private func evaluate(
        _ heldOut: PairSet, _ configuration: RunConfiguration
    ) throws(ADPOError) -> Metrics {
        let metrics = try evaluate(heldOut)
        if state.evaluations?.add(metrics) == true {
            state.evaluations?.bestParameters =
                configuration.keepsBest ? Array(parameters.elements) : nil
        }
        return metrics
    }
}
