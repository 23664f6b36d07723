import ADPOTensor

extension Trainer {
    /// The loss of each pair of a pass; returns its derivative by the policy's log-probs.
    func losses(
        _ pass: PairBatch, of set: PairSet, policy: [Float], reference: [Float],
        pairsInBatch: Int, _ sum: inout MetricsSum
    ) throws(ADPOError) -> [Float] {
        var derivative: [Float] = []
        for (index, targets) in pass.members {
            let pair = set.pairs[index]
            let policy = policy.span.extracting(targets)
            let segmentation = try Segmentation(
                configuration.objective.granularity, chosenCount: pair.chosen.count,
                rejectedCount: pair.rejected.count)
            var pairDerivative = [Float](repeating: 0, count: targets.count)
            var output = pairDerivative.mutableSpan
            do throws(ADPOError) {
                let result = try loss(
                    policy: policy, reference: reference.span.extracting(targets),
                    segmentation: segmentation, scale: 1 / Double(pairsInBatch),
                    derivative: &output)
                sum.add(pair, result, beta: loss.objective.beta, policy: policy)
            } catch {
                throw ADPOError(error.code, "\(set.name(index)): \(error.message)")
            }
            derivative += pairDerivative
        }
        return derivative
    }
}
