import ADPO
import TestSupport
import Testing

/// What holds for every pairwise loss.
struct LossInvariantTests {
    static let pairwise = Loss.allCases.filter {
        if case .pairwise = $0.rule.formula { true } else { false }
    }

    private func objective(
        _ loss: Loss, _ granularity: Granularity, beta: Double = 0.3
    ) -> Objective {
        var objective = Objective()
        objective.loss = loss
        objective.granularity = granularity
        objective.beta = beta
        if loss == .exoPair { objective.labelSmoothing = 0.001 }
        return objective
    }

    /// One segment, however it is asked for, gives the same bits; the mean of one is its sum.
    @Test(arguments: pairwise, PreferenceLossTests.lengths)
    func oneSegmentIsTheResponse(_ loss: Loss, _ lengths: (Int, Int)) throws {
        let logProbs = PairLogProbs(random: lengths.0, lengths.1)
        let expected = try logProbs.loss(objective(loss, .response))
        let longer = max(lengths.0, lengths.1)
        for granularity in [Granularity.adaptive(1), .static(longer), .static(.max)] {
            for reduction in Reduction.allCases {
                var objective = objective(loss, granularity)
                objective.reduction = reduction
                let actual = try logProbs.loss(objective)
                #expect(actual.result == expected.result)
                #expect(actual.derivative == expected.derivative)
            }
        }
    }

    /// Where policy and reference are equal, a loss of sums has the same gradient for every
    /// granularity, and as many times the loss as there are segments.
    @Test(arguments: pairwise, PreferenceLossTests.lengths)
    func beginsAlike(_ loss: Loss, _ lengths: (Int, Int)) throws {
        if [.ipo, .sigmoidNorm, .orpo].contains(loss) { return }  // of token means
        var logProbs = PairLogProbs(random: lengths.0, lengths.1)
        logProbs.policy = logProbs.reference
        let expected = try logProbs.loss(objective(loss, .response))
        for granularity in PreferenceLossTests.granularities {
            let actual = try logProbs.loss(objective(loss, granularity))
            let sum = expected.result.loss * Double(actual.result.segments)
            #expect(abs(actual.result.loss - sum) <= 1e-12 * sum)
            #expect(actual.derivative == expected.derivative)
        }
    }

    /// The mean over segments is the sum divided by their number.
    @Test(arguments: pairwise)
    func meanIsTheSumDivided(_ loss: Loss) throws {
        if loss == .orpo { return }  // its likelihood is not of a segment
        let logProbs = PairLogProbs(random: 13, 8)
        for granularity in PreferenceLossTests.granularities {
            var objective = objective(loss, granularity)
            let sum = try logProbs.loss(objective)
            objective.reduction = .mean
            let mean = try logProbs.loss(objective)
            let segments = sum.result.segments
            #expect(abs(mean.result.loss * Double(segments) - sum.result.loss) < 1e-9)
            expectClose(
                mean.derivative.map { $0 * Float(segments) }, sum.derivative, absolute: 1e-9,
                relative: 1e-6)
        }
    }

    /// Log-ratios of any size give finite losses, or none at all, and no NaN in the derivative.
    @Test(arguments: pairwise, [1e15, -1e15] as [Float])
    func survivesHugeLogRatios(_ loss: Loss, _ size: Float) throws {
        let logProbs = PairLogProbs(
            policy: [min(size, 0), -1, min(-size, 0)], reference: [min(-size, 0), -1, -1],
            chosenCount: 1)
        for granularity in [Granularity.response, .token] {
            let (result, derivative) = try logProbs.loss(objective(loss, granularity, beta: 1))
            #expect(result.loss.isFinite)
            #expect(derivative.allSatisfy { $0.isFinite }, "\(derivative)")
        }
    }

    /// A token that single precision takes for certain has finite odds.
    @Test func orpoSurvivesCertainty() throws {
        for probability in [Float(0), 1e-6, -1e-9] {
            let logProbs = PairLogProbs(
                policy: [probability, probability], reference: [-1, -1], chosenCount: 1)
            let (result, derivative) = try logProbs.loss(objective(.orpo, .token))
            #expect(result.loss.isFinite)
            #expect(derivative.allSatisfy { $0.isFinite }, "\(derivative)")
        }
    }

    /// DPO-Positive is DPO while the chosen response has not fallen below the reference.
    @Test func dpopWaitsForAFall() throws {
        var dpop = objective(.sigmoid, .response)
        dpop.dpopLambda = 5
        for (policy, isSame) in [([-1, -2], true), ([-2, -2], true), ([-3, -2], false)] {
            let logProbs = PairLogProbs(
                policy: policy.map(Float.init), reference: [-2, -2], chosenCount: 1)
            let plain = try logProbs.loss(objective(.sigmoid, .response))
            let actual = try logProbs.loss(dpop)
            #expect((actual.derivative == plain.derivative) == isSame)
            #expect((actual.result.loss == plain.result.loss) == isSame)
        }
    }
}
