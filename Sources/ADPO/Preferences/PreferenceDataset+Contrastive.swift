import ADPOBase
import ADPOTensor
import CKernels

extension PreferenceDataset {
    /// Weighs the rejected tokens by contrastive estimation, as cADPO does (arXiv 2411.19943): those
    /// that a model of good responses would not write, and one of bad responses would, weigh most.
    ///
    /// A rejected token y has the weight 1 - s, with
    /// `log s = (1 + b) log Ppos(y) - b log Pneg(y) - log Z`, where Z sums the same over the
    /// vocabulary. Chosen tokens weigh 1. All of the pairs get weights, or none when it throws.
    ///
    /// - Parameters:
    ///   - positive, negative: adapters tuned on good and on bad responses, of one model.
    ///   - dtype: what products with the model's weights compute in.
    /// - Throws: `.invalidArgument` for adapters of different models or a model of another
    ///   vocabulary, and unless b is 0 to 1000; `.numeric`, `.outOfMemory`.
    public mutating func weighContrastively(
        positive: Adapter, negative: Adapter, b: Double = 1, dtype: DType = .f32
    ) throws(ADPOError) {
        let model = positive.model
        try negative.check(model)
        try check(model)
        try require(b >= 0 && b <= 1000, "b is \(b); it must be a number of 0 to 1000")
        let estimator = try ContrastiveEstimator(positive, negative, b: Float(b), dtype)
        var weighed = self
        for (index, pair) in pairs.enumerated() {
            do throws(ADPOError) {
                let weights = ResponsePair(
                    chosen: [Float](repeating: 1, count: pair.chosen.count),
                    rejected: try estimator.weights(prompt: pair.prompt, rejected: pair.rejected))
                try weighed.setWeights(weights, ofPair: index)
            } catch {
                throw ADPOError(error.code, "pair \(index + 1): \(error.message)")
            }
        }
        self = weighed
    }
}

private struct ContrastiveEstimator: ~Copyable {
    /// So that few logits are in memory at once.
    private static let chunkRows = 64

    private let positive: Adapter
    private let negative: Adapter
    private let b: Float
    private let positiveDecoder: Decoder
    private let negativeDecoder: Decoder
    private let vocabulary: Int
    private let positiveLogits: Buffer<Float>  // [chunkRows, vocabulary]
    private let negativeLogits: Buffer<Float>  // [chunkRows, vocabulary]

    init(
        _ positive: Adapter, _ negative: Adapter, b: Float, _ dtype: DType
    ) throws(ADPOError) {
        let model = positive.model
        let positiveDecoder = try Decoder(model: model, dtype: dtype)
        let negativeDecoder = try Decoder(model: model, dtype: dtype)
        let count = Self.chunkRows * model.architecture.vocabulary
        let positiveLogits = try Buffer<Float>(zeros: count)
        let negativeLogits = try Buffer<Float>(zeros: count)
        self.positive = positive
        self.negative = negative
        self.b = b
        self.positiveDecoder = positiveDecoder
        self.negativeDecoder = negativeDecoder
        self.positiveLogits = positiveLogits
        self.negativeLogits = negativeLogits
        vocabulary = model.architecture.vocabulary
    }

    /// 1 - s of each token.
    func weights(prompt: [Int32], rejected: [Int32]) throws(ADPOError) -> [Float] {
        let sequence = PackedSequence(tokens: prompt + rejected.dropLast(), past: 0)
        try positiveDecoder.forward(sequence, lora: positive.lora)
        try negativeDecoder.forward(sequence, lora: negative.lora)
        var weights: [Float] = []
        for start in stride(from: 0, to: rejected.count, by: Self.chunkRows) {
            let targets = rejected[start..<min(start + Self.chunkRows, rejected.count)]
            let first = prompt.count - 1 + start
            let rows = first..<first + targets.count
            positiveDecoder.logits(rows: rows, into: positiveLogits.pointer)
            negativeDecoder.logits(rows: rows, into: negativeLogits.pointer)
            for (row, target) in targets.enumerated() {
                // The normalizers of the two models cancel, so logits do.
                let estimate = positiveLogits.pointer + row * vocabulary
                let negative = negativeLogits.pointer + row * vocabulary
                for token in 0..<vocabulary {
                    estimate[token] = (1 + b) * estimate[token] - b * negative[token]
                }
                let log = estimate[Int(target)] - adpo_log_sum_exp(estimate, vocabulary)
                guard log.isFinite else {
                    throw ADPOError(.numeric, "the estimate of a rejected token is not a number")
                }
                weights.append(-expm1(min(log, 0)))  // above 0 by rounding alone
            }
        }
        return weights
    }
}
