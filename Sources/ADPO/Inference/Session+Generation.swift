import ADPOBase
import ADPOTensor
import CKernels

/// How a text is continued.
public struct GenerationConfiguration: Sendable {
    public var maxTokens = 256
    /// 0: greedy. Otherwise the logits are divided by it, then sampled.
    public var temperature: Float = 0
    /// The same seed gives the same text.
    public var seed: UInt64 = 0

    public init() {}
}

/// One generated token.
public struct GeneratedToken: Sendable, Equatable {
    public var id: Int32
    /// Its log-prob at temperature 1.
    public var logProb: Float
    /// The text that it completes, as it goes on from the prompt: none for special tokens and inside
    /// of a character that several tokens share.
    public var text = ""
}

extension Session {
    /// Continues a prompt until an end token, which is included, or `maxTokens`.
    ///
    /// - Parameter onToken: receives each token as it comes; false ends the text there.
    /// - Throws: `.invalidArgument` for an empty prompt, ids out of range or a bad temperature,
    ///   `.numeric` when the model's logits are not finite, `.outOfMemory`.
    public func generate(
        prompt: [Int32], _ configuration: GenerationConfiguration = GenerationConfiguration(),
        onToken: (GeneratedToken) -> Bool = { _ in true }
    ) throws(ADPOError) -> [GeneratedToken] {
        guard !prompt.isEmpty else {
            throw ADPOError(.invalidArgument, "the prompt has no tokens; it needs at least one")
        }
        guard configuration.temperature.isFinite, configuration.temperature >= 0 else {
            throw ADPOError(
                .invalidArgument,
                "the temperature is \(configuration.temperature); it must be 0 or above")
        }
        try model.check(prompt)
        let cache = try KeyValueCache(model.architecture.layers.compactMap(\.attention?.attention))
        let logits = try Buffer<Float>(zeros: model.architecture.vocabulary)
        let scratch = try Buffer<Float>(zeros: model.architecture.vocabulary)
        var random = RandomGenerator(seed: configuration.seed)
        var text = TokenDecoder(model.tokenizer, skipSpecialTokens: true, continuesText: true)
        var generated: [GeneratedToken] = []
        var next = prompt
        while generated.count < configuration.maxTokens {
            if model.architecture.startsAnew(after: cache.count, with: next.count) {
                // The keys of the shorter text are rotated otherwise than those of the longer one.
                next = prompt + generated.map(\.id)
                cache.clear()
            }
            try decoder.forward(
                PackedSequence(tokens: next, past: cache.count), lora: adapter?.lora, cache: cache)
            decoder.logits(rows: next.count - 1..<next.count, into: logits.pointer)
            var token = try Self.pick(
                logits.elements, temperature: configuration.temperature, &random,
                scratch: scratch.mutableElements)
            let isLast =
                model.endTokens.contains(token.id)
                || generated.count + 1 == configuration.maxTokens
            let bytes = text.append(token.id) + (isLast ? text.finish() : [])
            token.text = String(decoding: bytes, as: UTF8.self)
            generated.append(token)
            guard onToken(token), !isLast else { break }
            next = [token.id]
        }
        return generated
    }

    private static func pick(
        _ logits: UnsafeBufferPointer<Float>, temperature: Float, _ random: inout RandomGenerator,
        scratch probabilities: UnsafeMutableBufferPointer<Float>
    ) throws(ADPOError) -> GeneratedToken {
        let normalizer = adpo_log_sum_exp(logits.baseAddress, logits.count)
        guard normalizer.isFinite else {
            throw ADPOError(.numeric, "the model's logits are not finite: its weights are damaged")
        }
        var best = 0
        for id in logits.indices where logits[id] > logits[best] { best = id }
        if temperature == 0 {
            return GeneratedToken(
                id: Int32(truncatingIfNeeded: best), logProb: logits[best] - normalizer)
        }
        // The probabilities at this temperature, one token after the other off the random number.
        _ = probabilities.update(fromContentsOf: logits)
        _ = adpo_softmax(
            probabilities.baseAddress, probabilities.count,
            min(1 / temperature, .greatestFiniteMagnitude))
        // Where rounding leaves a rest behind the last token, the likeliest is taken.
        var rest = random.unit()
        for id in logits.indices {
            rest -= Double(probabilities[id])
            if rest < 0 {
                best = id
                break
            }
        }
        return GeneratedToken(
            id: Int32(truncatingIfNeeded: best), logProb: logits[best] - normalizer)
    }
}
