import ADPOBase

/// Where a run is: epochs of micro-batches, of which each update takes a window.
extension Trainer {
    /// Updates in the whole run.
    public var steps: Int { stepsPerEpoch * configuration.epochs }

    /// Updates of warmup, as transformers counts them.
    var warmup: Int {
        let steps = configuration.warmupSteps
        return Int(steps < 1 ? (Double(self.steps) * steps).rounded(.up) : steps)
    }

    private var microBatchesPerEpoch: Int {
        (pairs.count + configuration.batchSize - 1) / configuration.batchSize
    }

    private var stepsPerEpoch: Int {
        (microBatchesPerEpoch + configuration.gradientAccumulation - 1)
            / configuration.gradientAccumulation
    }

    /// The micro-batches of an update, counted within its epoch. The last window of an epoch has
    /// what is left.
    private func microBatches(of update: Int) -> Range<Int> {
        let first = update % stepsPerEpoch * configuration.gradientAccumulation
        return first..<min(first + configuration.gradientAccumulation, microBatchesPerEpoch)
    }

    /// The number of micro-batches of an update.
    func windowCount(of update: Int) -> Int { microBatches(of: update).count }

    /// The same of the next update.
    var windowCount: Int { windowCount(of: stepsDone) }

    /// Passes over the pairs so far.
    var epoch: Double {
        Double(stepsDone / stepsPerEpoch)
            + Double(microBatches(of: stepsDone).lowerBound) / Double(microBatchesPerEpoch)
    }

    /// The pairs of the next micro-batch.
    func nextBatch() -> ArraySlice<Int> {
        let indices = epochOrder(stepsDone / stepsPerEpoch)
        let first =
            (microBatches(of: stepsDone).lowerBound + state.window.count) * configuration.batchSize
        return indices[first..<min(first + configuration.batchSize, pairs.count)]
    }

    private func epochOrder(_ epoch: Int) -> [Int] {
        if let order, order.epoch == epoch { return order.indices }
        // Stream 0 of the seed is the adapter's start.
        var random = RandomGenerator(seed: configuration.seed, stream: UInt64(epoch) + 1)
        let indices =
            configuration.shuffles ? random.permutation(pairs.count) : Array(pairs.indices)
        order = (epoch, indices)
        return indices
    }
}
