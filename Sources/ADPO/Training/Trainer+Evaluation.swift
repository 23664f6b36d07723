import ADPOTensor

extension Trainer {
    /// Loss and rewards of the policy as it is on other pairs, without an update.
    ///
    /// - Throws: `.invalidArgument` when no pair is left after truncation, `.numeric`,
    ///   `.outOfMemory`.
    public func evaluate(_ dataset: PreferenceDataset) throws(ADPOError) -> Metrics {
        try evaluate(PairSet(dataset, of: model, maxLength: configuration.maxLength))
    }

    func evaluate(_ set: PairSet) throws(ADPOError) -> Metrics {
        let start = monotonicSeconds()
        var sum = MetricsSum()
        for pass in PairBatch.packed(set.pairs.indices, of: set.pairs) {
            let reference = try referenceLogProbs(pass, of: set)
            let policy = try policyLogProbs(pass.sequence)
            _ = try losses(
                pass, of: set, policy: policy, reference: reference,
                pairsInBatch: set.pairs.count, &sum)
        }
        var metrics = sum.means
        metrics.isEvaluation = true
        metrics.step = stepsDone
        metrics.epoch = epoch
        metrics.numTokens = tokensSeen
        metrics.dtype = dtype
        metrics.seconds = monotonicSeconds() - start
        return metrics
    }
}
