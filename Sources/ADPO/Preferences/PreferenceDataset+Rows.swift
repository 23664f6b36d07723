import ADPOBase

/// Renders a conversation as the model's chat template does: an object with `messages`, `tools` where
/// there are any, and the template's other variables. The flag asks for what begins an answer at the
/// end of the text.
package typealias ChatRenderer =
    @Sendable (_ conversation: JSON, _ addGenerationPrompt: Bool) throws(ADPOError) -> String

extension PreferenceDataset {
    /// Adds a row given as JSON, in any of the shapes of `PreferenceRow`.
    ///
    /// - Throws: `.format` for what is no such row, `.invalidArgument` for one that cannot be
    ///   tokenized, `.unsupported` for a conversation without a chat template.
    public mutating func append(json: String) throws(ADPOError) {
        try append(PreferenceRow(JSON(json, source: "the row")))
    }

    package mutating func append(_ row: PreferenceRow) throws(ADPOError) {
        var (pair, lostPrompt) = try tokenize(row)
        if row.weights.chosen != nil || row.weights.rejected != nil {
            let ones = ResponsePair(
                chosen: [Float](repeating: 1, count: pair.chosen.count),
                rejected: [Float](repeating: 1, count: pair.rejected.count))
            try pair.setWeights(
                ResponsePair(
                    chosen: row.weights.chosen ?? ones.chosen,
                    rejected: row.weights.rejected ?? ones.rejected))
        }
        try append(pair, lostPrompt: lostPrompt)
    }

    /// Tokenizes a row as TRL's DPOTrainer does: the prompt and prompt + response each by itself.
    /// The responses begin where any of them differ, which can be before the prompt's end when
    /// tokens merge across it.
    ///
    /// - Returns: The pair, and the tokens of the prompt that are lost to that.
    private func tokenize(
        _ row: PreferenceRow
    ) throws(ADPOError) -> (pair: PreferencePair, lostPrompt: [Int32]) {
        let prompt: [Int32]
        switch row.prompt {
        case .plain(let text): prompt = tokenizer.encode(text, true)
        case .pieces(let pieces): prompt = tokenizer.encode(pieces.joined(), true)
        case .chat(let messages): prompt = try encode(messages, row, addGenerationPrompt: true)
        }
        let isPaired = row.chosen != nil && row.rejected != nil
        let chosen = try encode(row.chosen, row, isPaired ? "chosen response" : "completion")
        let rejected = try encode(row.rejected, row, isPaired ? "rejected response" : "completion")

        let promptCount =
            [chosen, rejected].compactMap { $0.map { commonPrefixCount(prompt, $0) } }.min() ?? 0
        guard promptCount > 0 else {
            if case .plain("") = row.prompt {
                throw ADPOError(
                    .invalidArgument,
                    """
                    the prompt has no tokens: it is empty, or missing and the responses have no \
                    beginning in common
                    """)
            }
            throw ADPOError(
                .invalidArgument,
                """
                the prompt has no tokens of its own before the responses; it needs text, and best \
                ends where a token ends
                """)
        }
        let own = Array(prompt[..<promptCount])
        var pair: PreferencePair
        switch (
            chosen.map { Array($0[promptCount...]) }, rejected.map { Array($0[promptCount...]) }
        ) {
        case (let chosen?, let rejected?):
            pair = try PreferencePair(prompt: own, chosen: chosen, rejected: rejected)
        case (let chosen, let rejected):
            pair = try PreferencePair(
                prompt: own, completion: chosen ?? rejected ?? [], isDesirable: chosen != nil)
        }
        try pair.setSegmentEnds(segmentEnds(row, pair))
        return (pair, Array(prompt[promptCount...]))
    }

    /// The ids of prompt + response; nil without response.
    private func encode(
        _ response: PreferenceRow.Text?, _ row: PreferenceRow, _ name: String
    ) throws(ADPOError) -> [Int32]? {
        switch (row.prompt, response) {
        case (.chat(let prompt), .chat(let messages)):
            return try encode(prompt + messages, row, addGenerationPrompt: false)
        case (.plain(let prompt), .plain(let text)):
            guard !text.isEmpty else { throw empty(name) }
            return tokenizer.encode(prompt + ended(text), true)
        case (.plain(let prompt), .pieces(let pieces)):
            if let index = pieces.firstIndex(where: \.isEmpty) {
                throw empty("segment \(index + 1) of the \(name)")
            }
            return tokenizer.encode(prompt + ended(pieces.joined()), true)
        default:
            return nil
        }
    }

    private func encode(
        _ messages: [JSON], _ row: PreferenceRow, addGenerationPrompt: Bool
    ) throws(ADPOError) -> [Int32] {
        guard let renderChat else {
            throw ADPOError(
                .unsupported,
                """
                the row is a conversation, and the model has no chat template to render it; give \
                the prompt and the responses as text
                """)
        }
        var members = row.templateVariables?.members ?? []
        if let tools = row.tools { members.append(("tools", tools)) }
        members.append(("messages", .array(messages)))
        let text = try renderChat(.object(members), addGenerationPrompt)
        return tokenizer.encode(text, false)
    }

    /// The text with EOS, appended if it lacks. They are compared by bytes: `hasSuffix` takes
    /// canonically equivalent text for the same.
    private func ended(_ response: String) -> String {
        guard let eos = tokenizer.eosText,
            !response.utf8.suffix(eos.utf8.count).elementsEqual(eos.utf8)
        else { return response }
        return response + eos
    }

    /// The segments of responses given as arrays of strings; nil when none is.
    private func segmentEnds(
        _ row: PreferenceRow, _ pair: PreferencePair
    ) throws(ADPOError) -> ResponsePair<[Int]>? {
        guard row.chosen?.isInPieces == true || row.rejected?.isInPieces == true else { return nil }
        return ResponsePair(
            chosen: try segmentEnds(row.chosen, pair.chosen),
            rejected: try segmentEnds(row.rejected, pair.rejected))
    }

    /// A segment ends with the token that holds its last byte; segments that end in one token are
    /// one.
    private func segmentEnds(
        _ response: PreferenceRow.Text?, _ tokens: [Int32]
    ) throws(ADPOError) -> [Int] {
        guard case .pieces(let pieces)? = response else {
            return tokens.isEmpty ? [] : [tokens.count]
        }
        let tokenBytes = tokens.map(tokenizer.decode)
        let bytes = Array(tokenBytes.joined())
        // The tokens can begin before the text, but they end with it.
        let text = Array(ended(pieces.joined()).utf8)
        guard bytes.suffix(text.count).elementsEqual(text) else {
            throw ADPOError(
                .invalidArgument,
                """
                the tokenizer changes the text of a response (it normalizes it), so the ends of \
                its segments cannot be found; set them as counts of tokens
                """)
        }
        var end = bytes.count - text.count
        return tokenEnds(
            tokenBytes.map(\.count),
            byteEnds: pieces.dropLast().map { piece in
                end += piece.utf8.count
                return end
            })
    }
}

private func empty(_ name: String) -> ADPOError {
    ADPOError(.invalidArgument, "the \(name) is empty; it needs at least one character")
}

extension PreferenceRow.Text {
    fileprivate var isInPieces: Bool {
        if case .pieces = self { true } else { false }
    }
}

private func commonPrefixCount(_ a: [Int32], _ b: [Int32]) -> Int {
    zip(a, b).prefix { $0 == $1 }.count
}
