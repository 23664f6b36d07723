import ADPOTensor

/// A prompt with the response to prefer and the response to avoid, as token ids.
public struct PreferencePair: Sendable, Equatable {
    public let prompt: [Int32]
    public let chosen: [Int32]
    public let rejected: [Int32]

    /// - Throws: `.invalidArgument` when one of the three has no tokens.
    public init(prompt: [Int32], chosen: [Int32], rejected: [Int32]) throws(ADPOError) {
        for (name, ids) in [
            ("prompt", prompt), ("chosen response", chosen), ("rejected response", rejected),
        ] where ids.isEmpty {
            throw ADPOError(.invalidArgument, "the \(name) has no tokens; it needs at least one")
        }
        self.prompt = prompt
        self.chosen = chosen
        self.rejected = rejected
    }

    /// The pair whose sequences (prompt and response) keep their first `maxLength` tokens, or nil
    /// when the prompt alone fills that length.
    package func truncated(maxLength: Int) -> PreferencePair? {
        guard prompt.count < maxLength else { return nil }
        let room = maxLength - prompt.count
        return PreferencePair(
            validPrompt: prompt, chosen: Array(chosen.prefix(room)),
            rejected: Array(rejected.prefix(room)))
    }

    private init(validPrompt: [Int32], chosen: [Int32], rejected: [Int32]) {
        prompt = validPrompt
        self.chosen = chosen
        self.rejected = rejected
    }
}

/// A preference pair as text. The responses follow the prompt as they are, so a separating space or
/// line break belongs to one of them.
public struct TextPair: Sendable {
    public let prompt: String
    public let chosen: String
    public let rejected: String

    public init(prompt: String, chosen: String, rejected: String) {
        self.prompt = prompt
        self.chosen = chosen
        self.rejected = rejected
    }
}

extension PreferencePair {
    /// Tokenizes a pair as TRL's DPOTrainer does: the prompt and prompt + response are encoded each
    /// by itself, and the responses begin where any of the three differ, which can be before the
    /// prompt's end when tokens merge across it.
    ///
    /// - Parameters:
    ///   - eosText: what ends a response; appended to one that lacks it.
    ///   - encode: text to ids, special tokens added and recognized.
    /// - Throws: `.invalidArgument` for an empty response, or a prompt of which no token remains.
    package init(
        _ text: TextPair, eosText: String?, encode: (String) -> [Int32]
    ) throws(ADPOError) {
        for (name, response) in [("chosen", text.chosen), ("rejected", text.rejected)]
        where response.isEmpty {
            throw ADPOError(
                .invalidArgument, "the \(name) response is empty; it needs at least one character")
        }
        let prompt = encode(text.prompt)
        let chosen = encode(text.prompt + ended(text.chosen, by: eosText))
        let rejected = encode(text.prompt + ended(text.rejected, by: eosText))

        let promptCount = min(
            commonPrefixCount(prompt, chosen), commonPrefixCount(prompt, rejected))
        guard promptCount > 0 else {
            throw ADPOError(
                .invalidArgument,
                """
                the prompt has no tokens of its own before the responses; it needs text, and best \
                ends where a token ends
                """)
        }
        try self.init(
            prompt: Array(prompt[..<promptCount]), chosen: Array(chosen[promptCount...]),
            rejected: Array(rejected[promptCount...]))
    }
}

/// Compared by bytes: `hasSuffix` takes canonically equivalent text for the same.
private func ended(_ response: String, by eosText: String?) -> String {
    guard let eosText, !response.utf8.suffix(eosText.utf8.count).elementsEqual(eosText.utf8) else {
        return response
    }
    return response + eosText
}

private func commonPrefixCount(_ a: [Int32], _ b: [Int32]) -> Int {
    zip(a, b).prefix { $0 == $1 }.count
}
