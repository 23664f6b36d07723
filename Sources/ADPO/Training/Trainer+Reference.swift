import ADPOBase

/// The model that the policy is compared with.
public enum Reference: String, Sendable, CaseIterable {
    /// The model alone.
    case base
    /// The model with the adapter that training starts from.
    case start
}

extension Trainer {
    /// The reference's log-probs of a pass, computed once for each pair; none where the objective
    /// needs no reference.
    func referenceLogProbs(_ pass: PairBatch, of set: PairSet) throws(ADPOError) -> [Float] {
        guard loss.objective.needsReference else { return [] }
        if set === training, let cache = unwrittenCache {
            try computeReferences(training.pairs.indices, of: training)
            try cache.save(training)
            unwrittenCache = nil
        }
        try computeReferences(pass.members.map(\.index), of: set)
        return pass.members.flatMap { set.references[$0.index] ?? [] }
    }

    private func computeReferences(
        _ indices: some Sequence<Int>, of set: PairSet
    ) throws(ADPOError) {
        for pass in set.missingReferences(indices) {
            try forwardReference(pass.sequence)
            let logProbs = decoder.logProbs()
            for (index, targets) in pass.members where set.references[index] == nil {
                set.references[index] = Array(logProbs[targets])
            }
        }
    }

    var referenceLoRA: LoRAParameters? {
        start?.lora
    }

    /// Takes the references from the file that the configuration names, or has them written there
    /// once they are needed.
    func openReferenceCache() throws(ADPOError) {
        guard let path = configuration.referenceCache else { return }
        let cache = ReferenceCache(
            path: path,
            key: [
                ("model", .string(modelFingerprint)),
                ("dtype", .string(dtype.rawValue)),
                (
                    "adapter",
                    .string(referenceLoRA?.fingerprint(model.architecture.parameters) ?? "none")
                ),
                ("pairs", .string(training.fingerprint)),
            ])
        if try !cache.load(into: training) {
            try AtomicFile.check(path)
            unwrittenCache = cache
        }
    }
}
