import ADPOTensor

/// What the policy is compared with.
public enum Reference: String, Sendable, CaseIterable {
    /// The model alone.
    case base
    /// The model with the adapter that training starts from.
    case start
}

extension Trainer {
    /// The reference's log-probs of a pass, computed once for each pair.
    func referenceLogProbs(_ pass: PairBatch, of set: PairSet) throws(ADPOError) -> [Float] {
        for pass in set.missingReferences(pass.members.map(\.index)) {
            let logProbs = try logProbs(pass.sequence, lora: referenceLoRA)
            for (index, targets) in pass.members {
                set.references[index] = Array(logProbs[targets])
            }
        }
        return pass.members.flatMap { set.references[$0.index] ?? [] }
    }

    private var referenceLoRA: LoRAParameters? {
        configuration.reference == .start ? start?.lora : nil
    }
}
