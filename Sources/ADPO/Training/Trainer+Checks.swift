import ADPOBase
import ADPOTensor
import CKernels

/// Checks of what must hold in every run, made as it goes.
extension Trainer {
    /// The policy is the reference before the first update: a new adapter changes nothing at first,
    /// and the reference is without dropout.
    private var startsAtReference: Bool {
        stepsDone == 0
            && (startFingerprint == nil
                || configuration.reference == .start && configuration.loraDropout == 0)
    }

    /// At the start all margins are 0. The two log-probs of a token differ by rounding alone, as
    /// they come from sequences that are packed differently.
    func checkStart(
        _ pass: PairBatch, policy: [Float], reference: [Float]
    ) throws(ADPOError) {
        guard startsAtReference, loss.objective.needsReference else { return }
        let tolerance: Float = dtype == .bf16 ? 0.5 : 0.01
        for (index, targets) in pass.members {
            for target in targets where abs(policy[target] - reference[target]) > tolerance {
                let cache = configuration.referenceCache
                throw ADPOError(
                    cache == nil ? .internal : .format,
                    """
                    \(training.name(index)): before the first update the policy is the reference, \
                    but the log-prob of response token \(target - targets.lowerBound) is \
                    \(policy[target]) for one and \(reference[target]) for the other\
                    \(cache.map { "; remove \($0), whose log-probs are others" } ?? "")
                    """)
            }
        }
    }

    /// Names the pair whose gradient is not finite, if there is one.
    func checkGradient(of batch: some Collection<Int>, kl: Double) throws(ADPOError) {
        guard !isGradientFinite else { return }
        for index in batch {
            gradientBuffer.pointer.update(repeating: 0, count: parameterCount)
            var sum = MetricsSum()
            for pass in PairBatch.packed(CollectionOfOne(index), of: pairs) {
                try accumulate(pass, index: 0, kl: kl, pairsInUpdate: 1, &sum)
            }
            guard isGradientFinite else {
                throw ADPOError(
                    .numeric,
                    "\(training.name(index)): its gradient is not finite; a lower learning rate or "
                        + "beta may help")
            }
        }
        throw ADPOError(
            .numeric, "the gradient is not finite; a lower learning rate or beta may help")
    }

    private var isGradientFinite: Bool {
        adpo_sum_of_squares(gradientBuffer.pointer, parameterCount).isFinite
    }

    /// Where all margins are 0, no loss is flat; without reference they are not. What rounding leaves
    /// of nothing is 1e-8 of what a pair gives, but AdamW would make whole steps of it.
    func checkFirstGradient(norm: Double) throws(ADPOError) {
        guard norm < 1e-6 * configuration.objective.beta, startsAtReference,
            loss.objective.needsReference
        else { return }
        throw ADPOError(
            .numeric,
            "the gradient of the first update is 0: its pairs teach nothing, as when the chosen "
                + "response is the rejected one")
    }
}
