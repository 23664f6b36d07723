import ADPOBase

/// The tokens of a completion and their log-probs.
public struct Scores: Sendable, Equatable {
    public var tokens: [Int32]
    /// log p(token | all before it), natural logarithm; one for each token.
    public var logProbs: [Float]

    /// The log-prob of the whole completion.
    public var sum: Double { logProbs.reduce(0) { $0 + Double($1) } }
}

extension Session {
    /// log p(tokens[i] | tokens[..<i]) of each token. The first has nothing before it: NaN.
    ///
    /// - Throws: `.invalidArgument` for ids out of range, `.outOfMemory`.
    public func score(_ tokens: [Int32]) throws(ADPOError) -> [Float] {
        guard !tokens.isEmpty else { return [] }
        try model.check(tokens)
        // The last token predicts nothing, but it is a target.
        let logProbs = try logProbs(of: PackedSequence(text: tokens))
        return [.nan] + logProbs
    }

    /// The log-probs of each completion's tokens after one prompt, which is computed once.
    ///
    /// - Throws: `.invalidArgument` for an empty prompt and ids out of range, `.outOfMemory`.
    public func score(
        prompt: [Int32], completions: [[Int32]]
    ) throws(ADPOError) -> [[Float]] {
        guard !prompt.isEmpty else {
            throw ADPOError(
                .invalidArgument,
                "the prompt has no tokens; it needs at least one to score what follows")
        }
        try model.check(prompt)
        for completion in completions { try model.check(completion) }
        var sequence = PackedSequence()
        sequence.append(prompt: prompt, responses: completions)
        var rest = try logProbs(of: sequence)[...]
        return completions.map { completion in
            defer { rest = rest.dropFirst(completion.count) }
            return Array(rest.prefix(completion.count))
        }
    }

    /// The tokens and log-probs of one completion given as text. Its tokens are those of prompt +
    /// completion behind the prefix that they share with the prompt's own.
    ///
    /// - Throws: `.invalidArgument` for a prompt without tokens, `.outOfMemory`.
    public func score(
        prompt: String, completion: String, addSpecialTokens: Bool = true,
        parseSpecialTokens: Bool = true
    ) throws(ADPOError) -> Scores {
        let (ids, promptCount) = model.tokenizer.encode(
            prompt: prompt.utf8, completion: completion.utf8, addSpecialTokens: addSpecialTokens,
            parseSpecialTokens: parseSpecialTokens)
        return try score(ids, promptCount: promptCount)
    }

    /// The same, given the ids of both and how many of them are the prompt.
    package func score(_ ids: [Int32], promptCount: Int) throws(ADPOError) -> Scores {
        let tokens = Array(ids[promptCount...])
        let logProbs = try score(prompt: Array(ids[..<promptCount]), completions: [tokens])
        return Scores(tokens: tokens, logProbs: logProbs[0])
    }

    /// The logits that follow each token, [tokens, vocabulary].
    ///
    /// - Throws: `.invalidArgument` for ids out of range, `.outOfMemory`.
    public func logits(_ tokens: [Int32]) throws(ADPOError) -> [Float] {
        var output = [Float](repeating: 0, count: tokens.count * model.architecture.vocabulary)
        try logits(tokens, into: &output)
        return output
    }

    /// The same, into memory of the caller.
    package func logits(
        _ tokens: [Int32], into output: UnsafeMutablePointer<Float>
    ) throws(ADPOError) {
        guard !tokens.isEmpty else { return }
        try model.check(tokens)
        try decoder.forward(PackedSequence(tokens: tokens, past: 0), lora: adapter?.lora)
        decoder.logits(rows: 0..<tokens.count, into: output)
    }

    /// The log-prob of each target of a sequence.
    private func logProbs(of sequence: PackedSequence) throws(ADPOError) -> [Float] {
        try decoder.forward(sequence, lora: adapter?.lora)
        return decoder.logProbs()
    }
}
