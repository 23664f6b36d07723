import ADPOBase

extension Trainer {
    /// Loss and rewards of the policy as it is on other pairs, without an update.
    ///
    /// - Throws: `.invalidArgument` when no pair is left after truncation, `.numeric`,
    ///   `.outOfMemory`.
    public func evaluate(_ dataset: PreferenceDataset) throws(ADPOError) -> Metrics {
        try evaluate(heldOut(dataset))
    }

    func heldOut(_ dataset: PreferenceDataset) throws(ADPOError) -> PairSet {
        try inEvaluation { () throws(ADPOError) in
            try PairSet(dataset, of: model, configuration)
        }
    }

    func evaluate(_ set: PairSet) throws(ADPOError) -> Metrics {
        try inEvaluation { () throws(ADPOError) in try metrics(of: set) }
    }

    private func inEvaluation<Result>(
        _ body: () throws(ADPOError) -> Result
    ) throws(ADPOError) -> Result {
        do {
            return try body()
        } catch {
            throw ADPOError(error.code, "in the evaluation, \(error.message)")
        }
    }

    private func metrics(of set: PairSet) throws(ADPOError) -> Metrics {
        let start = Clock.monotonicSeconds
        var sum = MetricsSum()
        let count = set.pairs.count
        // The KL divergence is that of a micro-batch; nothing else depends on one.
        let batchSize = loss.objective.loss == .kto ? configuration.batchSize : count
        for first in stride(from: 0, to: count, by: batchSize) {
            let batch = first..<min(first + batchSize, count)
            let kl = try klDivergence(batch, of: set)
            for pass in PairBatch.packed(batch, of: set.pairs) {
                let reference = try referenceLogProbs(pass, of: set)
                _ = try losses(
                    pass, of: set, policy: policyLogProbs(pass), reference: reference, kl: kl,
                    pairsInBatch: count, &sum)
            }
        }
        var metrics = sum.means
        metrics.isEvaluation = true
        metrics.step = stepsDone
        metrics.epoch = epoch
        metrics.numTokens = state.tokensSeen
        metrics.dtype = dtype
        metrics.seconds = Clock.monotonicSeconds - start
        return metrics
    }
}
