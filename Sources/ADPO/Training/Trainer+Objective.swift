import ADPOBase

/// The losses of a pass, as the objective has them.
extension Trainer {
    /// The loss of each pair of a pass; returns its derivative by the policy's log-probs.
    ///
    /// - Parameter kl: `klDivergence` of the micro-batch.
    func losses(
        _ pass: PairBatch, of set: PairSet, policy: PolicyLogProbs, reference: [Float],
        kl: Double, pairsInBatch: Int, _ sum: inout MetricsSum
    ) throws(ADPOError) -> [Float] {
        var derivative: [Float] = []
        for (index, targets) in pass.members {
            let pair = set.pairs[index]
            let weights = pair.weights?.concatenated
            var pairDerivative = [Float](repeating: 0, count: targets.count)
            var output = pairDerivative.mutableSpan
            do throws(ADPOError) {
                let result = try loss(
                    policy: policy.values.span.extracting(targets),
                    reference: loss.objective.needsReference
                        ? reference.span.extracting(targets) : nil,
                    weights: weights?.span,
                    logSumSquares: policy.logSumSquares?.span.extracting(targets), kl: kl,
                    segmentation: Segmentation(loss.objective.granularity, pair),
                    scale: 1 / Double(pairsInBatch), derivative: &output)
                sum.add(
                    pair, result, beta: loss.objective.beta, kl: kl,
                    policy: policy.values.span.extracting(targets))
            } catch {
                throw ADPOError(error.code, "\(set.name(index)): \(error.message)")
            }
            derivative += pairDerivative
        }
        return derivative
    }

    /// The policy's log-probs of a pass, and for WPO more of its distributions.
    func policyLogProbs(
        _ pass: PairBatch, dropout: AdapterDropout? = nil, isTraining: Bool = false
    ) throws(ADPOError) -> PolicyLogProbs {
        try forwardPolicy(pass.sequence, dropout: dropout, isTraining: isTraining)
        guard loss.objective.usesWPO else { return PolicyLogProbs(values: decoder.logProbs()) }
        let (values, logSumSquares) = decoder.logProbsAndSumSquares()
        return PolicyLogProbs(values: values, logSumSquares: logSumSquares)
    }

    /// For `kto`, an estimate of the policy's KL divergence from the reference in a micro-batch:
    /// the mean log-ratio of responses to prompts that they do not belong to, and at least 0
    /// (arXiv 2402.01306, section 4.1). As in TRL, each prompt takes the response of the row before
    /// it. 0 for other losses.
    func klDivergence(
        _ batch: some BidirectionalCollection<Int>, of set: PairSet
    ) throws(ADPOError) -> Double {
        guard loss.objective.loss == .kto, let last = batch.last else { return 0 }
        var rows: [Int] = []
        var mismatched: [PreferencePair] = []
        var previous = set.pairs[last]
        for index in batch {
            let pair = try PreferencePair(
                prompt: set.pairs[index].prompt, completion: previous.chosen + previous.rejected,
                isDesirable: true)
            if let pair = pair.truncated(maxLength: configuration.maxLength) {
                rows.append(index)
                mismatched.append(pair)
            }
            previous = set.pairs[index]
        }
        var sum = 0.0
        for pass in PairBatch.packed(mismatched.indices, of: mismatched) {
            try forwardPolicy(pass.sequence)
            let policy = decoder.logProbs()
            try forwardReference(pass.sequence)
            let reference = decoder.logProbs()
            for (index, targets) in pass.members {
                for target in targets { sum += Double(policy[target]) - Double(reference[target]) }
                guard sum.isFinite else {
                    throw ADPOError(
                        .numeric,
                        """
                        \(set.name(rows[index])): the KL divergence from the reference is not \
                        finite, of its prompt with the response of the row before; a lower learning \
                        rate may help
                        """)
                }
            }
        }
        return max(0, sum / Double(max(mismatched.count, 1)))
    }
}

/// The policy's log-probs of a pass's targets.
struct PolicyLogProbs {
    var values: [Float]
    /// log sum p^2 over the vocabulary, for WPO.
    var logSumSquares: [Float]?
}
