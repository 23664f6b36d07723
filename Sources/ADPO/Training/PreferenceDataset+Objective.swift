import ADPOBase

extension PreferenceDataset {
    /// The pairs as a trainer uses them; there is at least one.
    ///
    /// - Throws: `.invalidArgument` for pairs of another vocabulary, when none is left, and for one
    ///   that the objective cannot take.
    func prepared(
        for model: Model, _ configuration: TrainerConfiguration
    ) throws(ADPOError) -> PreparedPairs {
        try check(model)
        let maxLength = configuration.maxLength
        let prepared = try prepared(for: configuration.objective, maxLength: maxLength)
        try require(!pairs.isEmpty, "there are no pairs")
        try require(
            !prepared.pairs.isEmpty,
            """
            no pair is left: the prompts of all \(pairs.count) pairs fill the maximum length of \
            \(maxLength) tokens
            """)
        return prepared
    }

    /// The pairs as an objective compares them: cut, with their segments, and for `kto` each pair as
    /// two rows, as TRL's KTOTrainer takes them.
    ///
    /// - Throws: as `prepared`, and `.invalidArgument` for a row without a response that the loss
    ///   needs.
    private func prepared(
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
