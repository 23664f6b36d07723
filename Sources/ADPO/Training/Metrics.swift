/// What one update, or one evaluation, saw.
///
/// Rewards are beta times the summed log-ratio of policy to reference; all numbers are means over
/// the pairs unless said otherwise. The names follow TRL's DPOTrainer where it has the same.
public struct Metrics: Sendable, Equatable {
    /// Of an evaluation rather than of an update.
    public var isEvaluation = false
    /// 1 after the first update.
    public var step = 0
    /// Passes over the pairs so far, such as 0.5.
    public var epoch = 0.0
    /// Summed over a pair's segments.
    public var loss = 0.0
    public var lossPerSegment = 0.0
    /// Before clipping; 0 in an evaluation.
    public var gradientNorm = 0.0
    /// Of this update; 0 in an evaluation.
    public var learningRate = 0.0
    public var rewardsChosen = 0.0
    public var rewardsRejected = 0.0
    /// Share of pairs with a chosen reward above the rejected one.
    public var rewardsAccuracy = 0.0
    public var rewardsMargin = 0.0
    /// Log-prob of the whole response.
    public var logProbsChosen = 0.0
    public var logProbsRejected = 0.0
    /// By how much the chosen responses' log-prob has fallen since the first updates, in the mean
    /// over ten of them; 0 where it has not clearly. Above 0 it is an alarm: a lower learning rate
    /// or a higher beta may help.
    public var chosenFall = 0.0
    /// What was computed in, `.f32` or `.bf16`.
    public var dtype = DType.f32
    public var pairs = 0
    /// In all pairs together.
    public var segments = 0
    /// Both sequences of each pair, prompt + response, as TRL's num_tokens counts them.
    public var tokens = 0
    /// Of all updates of the run so far.
    public var numTokens = 0
    public var seconds = 0.0

    public var tokensPerSecond: Double { seconds > 0 ? Double(tokens) / seconds : 0 }

    public init() {}
}

extension Metrics {
    /// What the micro-batches of an update have a mean of.
    static var means: [WritableKeyPath<Metrics, Double>] {
        [
            \.loss, \.rewardsChosen, \.rewardsRejected, \.rewardsAccuracy, \.rewardsMargin,
            \.logProbsChosen, \.logProbsRejected,
        ]
    }

    /// What they sum up to.
    static var sums: [WritableKeyPath<Metrics, Int>] { [\.pairs, \.segments, \.tokens] }

    /// An update, from its micro-batches. Each counts alike, also one of fewer pairs, as in TRL.
    init(meanOf window: [Metrics]) {
        self.init()
        dtype = window.first?.dtype ?? .f32
        let count = Double(max(window.count, 1))
        for path in Self.means {
            self[keyPath: path] = window.reduce(0) { $0 + $1[keyPath: path] } / count
        }
        for path in Self.sums { self[keyPath: path] = window.reduce(0) { $0 + $1[keyPath: path] } }
        let loss = window.reduce(0) { $0 + $1.loss * Double($1.pairs) }
        lossPerSegment = loss / Double(max(segments, 1))
        seconds = window.reduce(0) { $0 + $1.seconds }
    }
}

/// Sums over pairs, to become means.
struct MetricsSum {
    private var sum = Metrics()

    mutating func add(
        _ pair: PreferencePair, _ result: PreferenceLoss.Result, beta: Double,
        policy: Span<Float>
    ) {
        let chosen = beta * result.chosenLogRatio
        let rejected = beta * result.rejectedLogRatio
        sum.pairs += 1
        sum.loss += result.loss
        sum.segments += result.segments
        sum.rewardsChosen += chosen
        sum.rewardsRejected += rejected
        sum.rewardsAccuracy += chosen > rejected ? 1 : 0
        for token in 0..<policy.count {
            if token < pair.chosen.count {
                sum.logProbsChosen += Double(policy[token])
            } else {
                sum.logProbsRejected += Double(policy[token])
            }
        }
        sum.tokens += 2 * pair.prompt.count + pair.chosen.count + pair.rejected.count
    }

    var means: Metrics {
        var metrics = sum
        let pairs = Double(max(sum.pairs, 1))
        metrics.lossPerSegment = sum.loss / Double(max(sum.segments, 1))
        metrics.loss /= pairs
        metrics.rewardsChosen /= pairs
        metrics.rewardsRejected /= pairs
        metrics.rewardsAccuracy /= pairs
        metrics.rewardsMargin = metrics.rewardsChosen - metrics.rewardsRejected
        metrics.logProbsChosen /= pairs
        metrics.logProbsRejected /= pairs
        return metrics
    }
}
