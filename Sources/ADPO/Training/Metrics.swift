/// The numbers of one update, or of one evaluation.
///
/// Rewards are beta times the summed log-ratio of policy to reference (of the policy's log-probs
/// where the objective needs no reference), with the weights of the tokens. All numbers are means
/// over the pairs unless said otherwise; of unpaired rows, over those with that response, and NaN
/// where there are none. The names follow TRL's trainers where they have the same.
public struct Metrics: Sendable, Equatable {
    /// Whether they are of an evaluation rather than of an update.
    public var isEvaluation = false
    /// 1 after the first update.
    public var step = 0
    /// Passes over the pairs so far, such as 0.5.
    public var epoch = 0.0
    /// Summed over a pair's segments, or with reduction `mean` averaged.
    public var loss = 0.0
    /// The mean over all segments, without the negative log-likelihood that some objectives add to
    /// each pair: the one to compare between granularities.
    public var lossPerSegment = 0.0
    /// The norm before clipping; 0 in an evaluation.
    public var gradientNorm = 0.0
    /// The rate of this update; 0 in an evaluation.
    public var learningRate = 0.0
    public var rewardsChosen = 0.0
    public var rewardsRejected = 0.0
    /// Share of pairs with a chosen reward above the rejected one.
    public var rewardsAccuracy = 0.0
    public var rewardsMargin = 0.0
    /// The estimate of the policy's KL divergence from the reference, for `kto`.
    public var kl = 0.0
    /// Log-prob of the whole response.
    public var logProbsChosen = 0.0
    public var logProbsRejected = 0.0
    /// By how much the chosen responses' log-prob has fallen since the first updates, in the mean
    /// over ten of them; 0 where it has not clearly. Above 0 it is an alarm: a lower learning rate
    /// or a higher beta may help.
    public var chosenFall = 0.0
    /// The precision that products with weights were computed in, `.f32` or `.bf16`.
    public var dtype = DType.f32
    public var pairs = 0
    /// Segments in all pairs together.
    public var segments = 0
    /// Both sequences of each pair, prompt + response, as TRL's num_tokens counts them.
    public var tokens = 0
    /// Tokens of all updates of the run so far.
    public var numTokens = 0
    public var seconds = 0.0

    public var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }

    public init() {}
}

extension Metrics {
    /// The numbers of an update that are means over its micro-batches.
    static var means: [(name: String, path: WritableKeyPath<Metrics, Double>)] {
        [
            ("loss", \.loss), ("rewards/chosen", \.rewardsChosen),
            ("rewards/rejected", \.rewardsRejected), ("rewards/accuracies", \.rewardsAccuracy),
            ("rewards/margins", \.rewardsMargin), ("logps/chosen", \.logProbsChosen),
            ("logps/rejected", \.logProbsRejected), ("kl", \.kl),
        ]
    }

    /// The numbers of an update that are sums over its micro-batches.
    static var sums: [(name: String, path: WritableKeyPath<Metrics, Int>)] {
        [("pairs", \.pairs), ("segments", \.segments), ("tokens", \.tokens)]
    }

    /// An update, from its micro-batches. Each counts alike, also one of fewer pairs, as in TRL.
    init(meanOf window: [Metrics]) {
        self.init()
        dtype = window.first?.dtype ?? .f32
        for (_, path) in Self.means {
            // NaN where a micro-batch has no such row.
            let values = window.map { $0[keyPath: path] }.filter { !$0.isNaN }
            self[keyPath: path] = values.reduce(0, +) / Double(values.count)
        }
        for (_, path) in Self.sums {
            self[keyPath: path] = window.reduce(0) { $0 + $1[keyPath: path] }
        }
        lossPerSegment =
            window.reduce(0) { $0 + $1.lossPerSegment * Double($1.segments) }
            / Double(max(segments, 1))
        seconds = window.reduce(0) { $0 + $1.seconds }
    }
}

/// Sums over pairs, to become means.
struct MetricsSum {
    private var sum = Metrics()
    /// Rows with a chosen response, with a rejected one, and with both.
    private var counts = (chosen: 0, rejected: 0, pairs: 0)

    /// - Parameter kl: of the micro-batch that the pair belongs to.
    mutating func add(
        _ pair: PreferencePair, _ result: PreferenceLoss.Result, beta: Double, kl: Double,
        policy: Span<Float>
    ) {
        let chosen = beta * result.chosenLogRatio
        let rejected = beta * result.rejectedLogRatio
        sum.pairs += 1
        sum.loss += result.loss
        sum.lossPerSegment += result.segmentLoss
        sum.segments += result.segments
        sum.kl += kl
        sum.rewardsChosen += chosen
        sum.rewardsRejected += rejected
        counts.chosen += pair.chosen.isEmpty ? 0 : 1
        counts.rejected += pair.rejected.isEmpty ? 0 : 1
        if pair.isPaired {
            counts.pairs += 1
            sum.rewardsAccuracy += chosen > rejected ? 1 : 0
        }
        for token in 0..<policy.count {
            if token < pair.chosen.count {
                sum.logProbsChosen += Double(policy[token])
            } else {
                sum.logProbsRejected += Double(policy[token])
            }
        }
        let sequences = pair.isPaired ? 2 : 1
        sum.tokens += sequences * pair.prompt.count + pair.chosen.count + pair.rejected.count
    }

    /// NaN where there is nothing to have a mean of.
    var means: Metrics {
        var metrics = sum
        let (chosen, rejected) = (Double(counts.chosen), Double(counts.rejected))
        metrics.lossPerSegment /= Double(sum.segments)
        metrics.loss /= Double(sum.pairs)
        metrics.kl /= Double(sum.pairs)
        metrics.rewardsChosen /= chosen
        metrics.rewardsRejected /= rejected
        metrics.rewardsAccuracy /= Double(counts.pairs)
        metrics.rewardsMargin = metrics.rewardsChosen - metrics.rewardsRejected
        metrics.logProbsChosen /= chosen
        metrics.logProbsRejected /= rejected
        return metrics
    }
}
