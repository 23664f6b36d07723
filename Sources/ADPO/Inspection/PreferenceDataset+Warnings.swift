extension PreferenceDataset {
    /// Warnings of all that seems wrong with the pairs, by its kind.
    func warnings(
        _ prepared: PreparedPairs, maxLength: Int, context: Int
    ) -> [Inspection.Warning] {
        typealias Kind = Inspection.Warning.Kind
        var found: [Kind: [Int]] = [:]
        func check(_ kind: Kind, _ index: Int, _ isFound: Bool) {
            // For kto a pair is two rows.
            if isFound, found[kind]?.last != index { found[kind, default: []].append(index) }
        }
        // BOS is missing only where the tokenizer would have put it.
        let bos = tokenizer.bos
        let addsBOS = bos != nil && tokenizer.encode("", true).first == bos
        var seen: Set<[[Int32]]> = []
        for (index, pair) in pairs.enumerated() {
            let responses = [pair.chosen, pair.rejected].filter { !$0.isEmpty }
            check(.boundary, index, !lostPrompts[index].isEmpty)
            check(.missingBOS, index, addsBOS && pair.prompt.first != bos)
            check(
                .doubledBOS, index,
                bos != nil && pair.prompt.count > 1
                    && pair.prompt.prefix(2).allSatisfy { $0 == bos })
            if let eos = tokenizer.eos {
                check(.missingEOS, index, responses.contains { !$0.contains(eos) })
                check(
                    .doubledEOS, index,
                    responses.contains {
                        zip($0, $0.dropFirst()).contains { $0 == eos && $1 == eos }
                    })
            }
            let isNew = seen.insert([pair.prompt, pair.chosen, pair.rejected]).inserted
            check(.duplicate, index, !isNew)
            check(
                .contradiction, index,
                pair.chosen != pair.rejected
                    && seen.contains([pair.prompt, pair.rejected, pair.chosen]))
        }
        for (pair, index) in zip(prepared.pairs, prepared.indices) {
            check(.identical, index, pair.chosen == pair.rejected)
            let removed = pair.removedCounts(of: pairs[index])
            check(.truncated, index, removed.chosen + removed.rejected > 0)
            check(
                .beyondContext, index,
                pair.prompt.count + max(pair.chosen.count, pair.rejected.count) > context)
        }
        let used = Set(prepared.indices)
        found[.dropped] = pairs.indices.filter { !used.contains($0) }

        return Kind.allCases.compactMap { kind in
            guard let pairs = found[kind], let first = pairs.first else { return nil }
            return Inspection.Warning(
                kind: kind, message: message(kind, first, maxLength: maxLength, context: context),
                pairs: pairs)
        }
    }

    /// - Parameter first: the first pair that it concerns.
    private func message(
        _ kind: Inspection.Warning.Kind, _ first: Int, maxLength: Int, context: Int
    ) -> String {
        switch kind {
        case .boundary:
            """
            tokens merge across the boundary of prompt and response, and the prompt loses its end, \
            first "\(tokenizer.texts(of: lostPrompts[first]).joined())": end it where a token ends
            """
        case .missingBOS: "the prompt does not begin with the BOS token, as this model's texts do"
        case .doubledBOS: "the prompt begins with two BOS tokens"
        case .missingEOS: "a response has no EOS token: the model learns no end"
        case .doubledEOS: "a response has two EOS tokens, one after the other"
        case .identical: "chosen and rejected are the same: there is nothing to learn"
        case .duplicate: "the same prompt and responses as an earlier pair"
        case .contradiction: "an earlier pair prefers the other of the two responses"
        case .dropped:
            """
            left out: the prompt alone fills the maximum length of \(maxLength) tokens, and the \
            responses would be empty
            """
        case .truncated: "a response loses its end to the maximum length of \(maxLength) tokens"
        case .beyondContext: "longer than the \(context) tokens that the model was trained for"
        }
    }
}
