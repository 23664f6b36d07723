import ADPO
import ADPOBase
import TestSupport
import Testing

/// Log-probs of one pair's response tokens, chosen first.
struct PairLogProbs {
    var policy: [Float]
    var reference: [Float]
    let chosenCount: Int

    init(policy: [Float], reference: [Float], chosenCount: Int) {
        self.policy = policy
        self.reference = reference
        self.chosenCount = chosenCount
    }

    init(random chosenCount: Int, _ rejectedCount: Int) {
        var generator = RandomGenerator(seed: 7, stream: UInt64(chosenCount * 100 + rejectedCount))
        let count = chosenCount + rejectedCount
        reference = (0..<count).map { _ in generator.uniform(bound: 2) - 3 }
        policy = reference.map { $0 + generator.uniform(bound: 1) }
        self.chosenCount = chosenCount
    }

    func loss(
        _ granularity: Granularity, beta: Double, scale: Double = 1
    ) throws -> (result: PreferenceLoss.Result, derivative: [Float]) {
        var objective = Objective()
        objective.granularity = granularity
        objective.beta = beta
        return try loss(objective, scale: scale)
    }

    func loss(
        _ objective: Objective, scale: Double = 1
    ) throws -> (result: PreferenceLoss.Result, derivative: [Float]) {
        let segmentation = try Segmentation(
            objective.granularity, chosenCount: chosenCount,
            rejectedCount: policy.count - chosenCount)
        var derivative = [Float](repeating: .nan, count: policy.count)
        var span = derivative.mutableSpan
        let result = try PreferenceLoss(objective)(
            policy: policy.span, reference: reference.span, segmentation: segmentation,
            scale: scale, derivative: &span)
        return (result, derivative)
    }
}

struct PreferenceLossTests {
    static let lengths = [(1, 1), (1, 6), (5, 1), (7, 7), (13, 8), (3, 20)]
    static let granularities: [Granularity] =
        [.response, .token] + [1, 2, 3, 8, 1000].map(Granularity.static)
        + [1, 2, 3, 7].map(Granularity.adaptive)

    /// PyTorch's autograd in float64; see make_losses.py. Its log-probs are rounded to float here,
    /// 6e-8 relative each, hence the tolerances.
    @Test func equalsPyTorch() throws {
        let golden = try golden("losses.json")
        let pairs = try #require(golden["pairs"]?.array)
        let cases = try #require(golden["cases"]?.array)
        #expect(cases.count >= pairs.count * Self.granularities.count)
        for expected in cases {
            let pair = pairs[try #require(expected["pair"]?.integer)]
            func floats(_ name: String) throws -> [Float] { try #require(pair[name]).floats }
            let logProbs = PairLogProbs(
                policy: try floats("policy_chosen") + floats("policy_rejected"),
                reference: try floats("reference_chosen") + floats("reference_rejected"),
                chosenCount: try floats("policy_chosen").count)
            let name = try #require(expected["granularity"]?.string)
            let size = expected["size"]?.integer ?? 0
            let granularity = try Granularity(size > 0 ? "\(name):\(size)" : name)
            let beta = try #require(expected["beta"]?.double)

            let (result, derivative) = try logProbs.loss(granularity, beta: beta)
            let loss = try #require(expected["loss"]?.double)
            #expect(abs(result.loss - loss) <= 1e-6, "\(granularity), beta \(beta)")
            #expect(result.segments == expected["segments"]?.integer)
            expectClose(
                derivative,
                (expected["gradient_chosen"]?.floats ?? [])
                    + (expected["gradient_rejected"]?.floats ?? []),
                absolute: 2e-7, "\(granularity), beta \(beta)")
        }
    }

    /// One segment, however it is asked for, is DPO to the bit.
    @Test(arguments: lengths)
    func oneSegmentIsDPO(_ chosenCount: Int, _ rejectedCount: Int) throws {
        let logProbs = PairLogProbs(random: chosenCount, rejectedCount)
        let beta = 0.3
        let (dpo, derivative) = try logProbs.loss(.response, beta: beta)

        let ratios = zip(logProbs.policy, logProbs.reference).map { Double($0) - Double($1) }
        let chosen = ratios[..<chosenCount].reduce(0, +)
        let rejected = ratios[chosenCount...].reduce(0, +)
        let margin = beta * (chosen - rejected)
        #expect(dpo.chosenLogRatio == chosen)
        #expect(dpo.rejectedLogRatio == rejected)
        #expect(abs(dpo.loss - log(1 + exp(-margin))) < 1e-14)
        let slope = Float(-beta / (1 + exp(margin)))
        expectClose(
            derivative,
            (0..<derivative.count).map { $0 < chosenCount ? slope : -slope }, absolute: 0,
            relative: 1e-7)

        let longer = max(chosenCount, rejectedCount)
        for granularity in [
            Granularity.adaptive(1), .static(longer), .static(longer + 1), .static(.max),
        ] {
            let other = try logProbs.loss(granularity, beta: beta)
            #expect(other.result == dpo)
            #expect(other.derivative == derivative)
        }
    }

    /// Where policy and reference are equal, every margin is 0.
    @Test(arguments: lengths)
    func startsAtLogTwo(_ chosenCount: Int, _ rejectedCount: Int) throws {
        var logProbs = PairLogProbs(random: chosenCount, rejectedCount)
        logProbs.policy = logProbs.reference
        for granularity in Self.granularities {
            let (result, derivative) = try logProbs.loss(granularity, beta: 0.5)
            #expect(abs(result.loss - Double(result.segments) * log(2)) < 1e-13)
            #expect(
                derivative == (0..<derivative.count).map { $0 < chosenCount ? -0.25 : 0.25 },
                "\(granularity)")
        }
    }

    @Test(arguments: lengths)
    func derivativeIsTheSlope(_ chosenCount: Int, _ rejectedCount: Int) throws {
        let logProbs = PairLogProbs(random: chosenCount, rejectedCount)
        let h: Float = 0x1p-9
        for granularity in Self.granularities {
            let derivative = try logProbs.loss(granularity, beta: 1, scale: 0.25).derivative
            let slopes = try logProbs.policy.indices.map { token in
                var above = logProbs
                var below = logProbs
                above.policy[token] += h
                below.policy[token] -= h
                let rise =
                    try above.loss(granularity, beta: 1).result.loss
                    - below.loss(granularity, beta: 1).result.loss
                let run = Double(above.policy[token]) - Double(below.policy[token])
                return Float(0.25 * rise / run)
            }
            expectClose(derivative, slopes, absolute: 2e-7, "\(granularity)")
        }
    }

    /// Whole-response sums do not depend on the granularity (up to the order of additions).
    @Test func sumsAreThoseOfTheResponse() throws {
        let logProbs = PairLogProbs(random: 13, 8)
        let expected = try logProbs.loss(.response, beta: 1).result
        for granularity in Self.granularities {
            let result = try logProbs.loss(granularity, beta: 1).result
            #expect(abs(result.chosenLogRatio - expected.chosenLogRatio) < 1e-12)
            #expect(abs(result.rejectedLogRatio - expected.rejectedLogRatio) < 1e-12)
        }
    }

    @Test(arguments: [(1e30, 1e30, -1.0), (-1e30, 0, 0.0)] as [(Float, Double, Double)])
    func survivesHugeMargins(_ difference: Float, _ loss: Double, _ slope: Double) throws {
        // A policy below the reference by 1e30 on the chosen token, or above it.
        let logProbs = PairLogProbs(
            policy: [-difference, -1], reference: [0, -1], chosenCount: 1)
        let (result, derivative) = try logProbs.loss(.token, beta: 1)
        #expect(abs(result.loss - loss) <= 1e23)
        #expect(derivative == [Float(slope), Float(-slope)])
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity], [0, 2, 3, 5])
    func refusesNumbersThatAreNotFinite(_ value: Float, _ token: Int) {
        for granularity in Self.granularities {
            var badPolicy = PairLogProbs(random: 3, 3)
            var badReference = badPolicy
            badPolicy.policy[token] = value
            badReference.reference[token] = value
            for logProbs in [badPolicy, badReference] {
                let error = #expect(throws: ADPOError.self) {
                    try logProbs.loss(granularity, beta: 0.1)
                }
                #expect(error?.code == .numeric)
                let place = token < 3 ? "chosen token \(token)" : "rejected token \(token - 3)"
                #expect(error?.message.contains(place) == true)
            }
        }
    }

    @Test func refusesOtherCounts() throws {
        var logProbs = PairLogProbs(random: 3, 3)
        logProbs.reference.removeLast()
        let error = #expect(throws: ADPOError.self) { try logProbs.loss(.token, beta: 0.1) }
        #expect(error?.code == .invalidArgument)
    }

    @Test(arguments: [0, -0.1, .nan, .infinity])
    func refusesBetas(_ beta: Double) {
        var objective = Objective()
        objective.beta = beta
        let error = #expect(throws: ADPOError.self) { try PreferenceLoss(objective) }
        #expect(error?.code == .invalidArgument)
    }
}
