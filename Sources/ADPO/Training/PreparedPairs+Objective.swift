import ADPOTensor

extension PreferenceDataset {
    /// The pairs as an objective compares them: cut, with their segments, and for `kto` each pair as
    /// two rows, as TRL's KTOTrainer takes them.
    ///
    /// - Throws: as `prepared`, and `.invalidArgument` for a row without a response that the loss
    ///   needs.
    func prepared(
        for objective: Objective, maxLength: Int
    ) throws(ADPOError) -> PreparedPairs {
        let prepared = try prepared(
            maxLength: maxLength, granularity: objective.granularity, padding: objective.padding)
        for (pair, index) in zip(prepared.pairs, prepared.indices) {
            do throws(ADPOError) {
                try objective.checkResponses(
                    chosenCount: pair.chosen.count, rejectedCount: pair.rejected.count)
            } catch {
                throw ADPOError(error.code, "pair \(index + 1): \(error.message)")
            }
        }
        guard objective.loss == .kto else { return prepared }
        var rows: [PreferencePair] = []
        var indices: [Int] = []
        for (pair, index) in zip(prepared.pairs, prepared.indices) {
            let unpaired = try pair.unpaired()
            rows += unpaired
            indices += Array(repeating: index, count: unpaired.count)
        }
        return PreparedPairs(
            pairs: rows, indices: indices, dropped: prepared.dropped,
            truncated: prepared.truncated)
    }
}

extension PreferencePair {
    /// The pair as two rows, or the row itself.
    fileprivate func unpaired() throws(ADPOError) -> [PreferencePair] {
        guard isPaired else { return [self] }
        var desirable = try PreferencePair(prompt: prompt, completion: chosen, isDesirable: true)
        var undesirable = try PreferencePair(
            prompt: prompt, completion: rejected, isDesirable: false)
        if let weights {
            try desirable.setWeights(ResponsePair(chosen: weights.chosen, rejected: []))
            try undesirable.setWeights(ResponsePair(chosen: [], rejected: weights.rejected))
        }
        return [desirable, undesirable]
    }
}
