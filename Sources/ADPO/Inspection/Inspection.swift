import ADPOBase

/// A report on what a run would see and cost, made before it begins. Pairs are counted from 0.
public struct Inspection: Sendable, Equatable {
    public struct Token: Sendable, Equatable {
        public let id: Int32
        /// A character that several tokens share is the text of the last of them.
        public let text: String
        /// The factor of its log-ratio; 1 if the pair has no weights.
        public let weight: Float
    }

    public struct Response: Sendable, Equatable {
        /// The tokens that are scored, by segment; empty where the response has none for a segment
        /// of the other.
        public let segments: [[Token]]
        /// The text that truncation removes.
        public let removed: String
    }

    public struct Example: Sendable, Equatable {
        public let pair: Int
        /// The tokens that are fed and not scored.
        public let prompt: [Token]
        public let chosen: Response
        public let rejected: Response
    }

    public struct Warning: Sendable, Equatable {
        public enum Kind: String, Sendable, CaseIterable {
            /// Tokens merge across the boundary of prompt and response.
            case boundary
            case missingBOS = "missing_bos"
            case doubledBOS = "doubled_bos"
            case missingEOS = "missing_eos"
            case doubledEOS = "doubled_eos"
            /// The two responses are the same, at least after truncation.
            case identical
            /// The same prompt and responses as an earlier pair.
            case duplicate
            /// An earlier pair with the same prompt prefers the other of the two responses.
            case contradiction
            /// Nothing of the responses would remain after truncation.
            case dropped
            case truncated
            /// Longer than the model was trained for.
            case beyondContext = "beyond_context"
        }

        public let kind: Kind
        public let message: String
        /// All that it concerns.
        public let pairs: [Int]
    }

    /// The least, the mean and the greatest of a count over the pairs in use.
    public struct Range: Sendable, Equatable {
        public let minimum: Int
        public let mean: Double
        public let maximum: Int

        package init(_ counts: [Int]) {
            minimum = counts.min() ?? 0
            maximum = counts.max() ?? 0
            mean = Double(counts.reduce(0, +)) / Double(max(counts.count, 1))
        }
    }

    /// The memory that a run takes, in bytes.
    public struct Memory: Sendable, Equatable {
        /// Mapped from the file, and shared with other processes that map it.
        public let weights: Int
        /// Those of the largest pass.
        public let activations: Int
        public let parameters: Int
        public let gradients: Int
        public let optimizer: Int
        /// The reference's log-probs of all pairs.
        public let references: Int

        public var total: Int {
            weights + activations + parameters + gradients + optimizer + references
        }
    }

    /// In seconds. One update was made and timed, and the rest follows by floating-point operations.
    public struct Time: Sendable, Equatable {
        /// Tokens that were computed in the update that was timed.
        public let measuredTokens: Int
        public let measured: Double
        /// The reference's log-probs of all pairs, computed once; 0 where none are needed.
        public let reference: Double
        public let epoch: Double
        /// Reference and all epochs.
        public let run: Double
    }

    public let granularity: Granularity
    public let maxLength: Int
    /// In the dataset.
    public let pairs: Int
    /// Among them.
    public let unpaired: Int
    public let dropped: Int
    /// In use, with a response that loses its end.
    public let truncated: Int
    /// That those lose.
    public let removedTokens: Int
    public let promptTokens: Range
    /// Token length, of the responses that there are.
    public let chosenTokens: Range
    public let rejectedTokens: Range
    /// Feedback length.
    public let segments: Range
    public let warnings: [Warning]
    public let examples: [Example]
    public let memory: Memory
    /// Nil if it was not to be measured.
    public let time: Time?
}

extension PreferenceDataset {
    /// Reports what a run with this configuration would see of the pairs, and what it would cost.
    ///
    /// - Parameters:
    ///   - examples: So many pairs are shown token by token: the first ones in use.
    ///   - measuresTime: Make one update on the first pairs (on a new adapter) to tell the time.
    /// - Throws: `.invalidArgument` for a configuration that makes no sense, for pairs of another
    ///   vocabulary and when no pair is left; `.outOfMemory`.
    public func inspect(
        model: Model, configuration: TrainerConfiguration = TrainerConfiguration(),
        examples: Int = 3, measuresTime: Bool = true
    ) throws(ADPOError) -> Inspection {
        try configuration.validate()
        let maxLength = configuration.maxLength
        let granularity = configuration.objective.granularity
        let prepared = try prepared(for: model, configuration)
        let used = prepared.pairs
        var segments: [Int] = []
        for pair in used {
            segments.append(try Segmentation(granularity, pair).segments.count)
        }
        var shown: [Inspection.Example] = []
        for place in used.indices.prefix(max(examples, 0)) {
            shown.append(try example(place, of: prepared, granularity))
        }
        let removed = zip(used, prepared.indices).map { pair, index in
            let counts = pair.removedCounts(of: pairs[index])
            return counts.chosen + counts.rejected
        }
        let cost = try Cost(model, configuration)
        return Inspection(
            granularity: granularity, maxLength: maxLength, pairs: pairs.count,
            unpaired: pairs.count { !$0.isPaired }, dropped: prepared.dropped,
            truncated: prepared.truncated, removedTokens: removed.reduce(0, +),
            promptTokens: .init(used.map(\.prompt.count)),
            chosenTokens: .init(used.map(\.chosen.count).filter { $0 > 0 }),
            rejectedTokens: .init(used.map(\.rejected.count).filter { $0 > 0 }),
            segments: .init(segments),
            warnings: warnings(prepared, maxLength: maxLength, context: model.info.context),
            examples: shown, memory: cost.memory(used),
            time: measuresTime ? try cost.time(used, tokenizer: tokenizer) : nil)
    }
}
