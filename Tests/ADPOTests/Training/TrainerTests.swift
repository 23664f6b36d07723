import ADPO
import ADPOBase
import TestSupport
import Testing

struct TrainerTests {
    private func losses(_ trainer: Trainer) throws -> [Double] {
        var losses: [Double] = []
        try trainer.run {
            losses.append($0.loss)
            return true
        }
        return losses
    }

    /// At the start policy and reference are equal: every margin is 0.
    @Test(arguments: [Granularity.response, .token, .static(4), .adaptive(3)])
    func beginsAtLogTwo(_ granularity: Granularity) throws {
        let metrics = try #require(
            try TinyRun.trainer { $0.objective.granularity = granularity }.step())
        expectClose([Float(metrics.lossPerSegment)], [0.693147], absolute: 1e-5)
        #expect(metrics.rewardsAccuracy == 0)
        #expect(metrics.gradientNorm > 0)
    }

    /// However a pair's segments are reduced and micro-batches counted, it is the mean over all
    /// segments.
    @Test(arguments: [Granularity.response, .token, .adaptive(3)])
    func aSegmentsLossIsComparable(_ granularity: Granularity) throws {
        func evaluations(_ reduction: Reduction) throws -> [Metrics] {
            let trainer = try TinyRun.trainer(start: TinyRun.trained()) {
                $0.objective.granularity = granularity
                $0.objective.reduction = reduction
                $0.shuffles = false
                $0.gradientAccumulation = 2
            }
            return [try trainer.evaluate(TinyRun.pairs()), try #require(try trainer.step())]
        }
        let (sums, means) = (try evaluations(.sum), try evaluations(.mean))
        for (sum, mean) in zip(sums, means) {
            #expect(sum.segments == mean.segments)
            expectClose([Float(mean.lossPerSegment)], [Float(sum.lossPerSegment)], absolute: 1e-6)
        }
        let evaluated = sums[0].loss * Double(sums[0].pairs) / Double(sums[0].segments)
        expectClose([Float(sums[0].lossPerSegment)], [Float(evaluated)], absolute: 1e-6)
        expectClose(
            [Float(sums[1].lossPerSegment)], [Float(sums[0].lossPerSegment)], absolute: 1e-4)
    }

    @Test(arguments: [Granularity.response, .token, .static(4), .adaptive(3)])
    func learns(_ granularity: Granularity) throws {
        let trainer = try TinyRun.trainer {
            $0.objective.granularity = granularity
            $0.epochs = 15
        }
        let losses = try losses(trainer)
        #expect(losses.count == trainer.steps)
        let evaluation = try trainer.evaluate(TinyRun.pairs())
        #expect(evaluation.loss < losses[0])
        #expect(evaluation.rewardsAccuracy == 1)
    }

    @Test func theSameSeedGivesTheSameBits() throws {
        let first = try losses(TinyRun.trainer())
        #expect(try losses(TinyRun.trainer()) == first)
        #expect(try losses(TinyRun.trainer { $0.seed = 1 }) != first)
    }

    /// Packed alone or together, pairs have one loss and one gradient.
    @Test func packingChangesNothing() throws {
        let start = try TinyRun.trained()
        let together = try TinyRun.trainer(start: start) {
            $0.batchSize = 6
            $0.shuffles = false
        }
        let metrics = try together.accumulate()
        let alone = try TinyRun.trainer(start: start) {
            $0.batchSize = 1
            $0.gradientAccumulation = 6
            $0.shuffles = false
        }
        let parts = try (0..<6).map { _ in try alone.accumulate() }
        #expect(Set(parts.map(\.loss)).count == 6)
        expectClose(
            [Float(metrics.loss), Float(metrics.logProbsChosen)],
            [
                Float(parts.reduce(0) { $0 + $1.loss } / 6),
                Float(parts.reduce(0) { $0 + $1.logProbsChosen } / 6),
            ], absolute: 1e-4)
        expectClose(
            together.withGradients(Array.init), alone.withGradients(Array.init), absolute: 1e-5)
    }

    /// A loss that is not finite stops the step; the adapter stays as it was.
    @Test func stopsBeforeAnUpdateWithNaN() throws {
        let trainer = try TinyRun.trainer {
            $0.learningRate = 1e30
            $0.maxGradientNorm = 0
        }
        _ = try trainer.step()
        let before = try trainer.adapter()
        let error = #expect(throws: ADPOError.self) { try trainer.step() }
        #expect(error?.code == .numeric)
        #expect(error?.message.hasPrefix("pair ") == true, "\(String(describing: error))")
        let after = try trainer.adapter()
        let count = before.parameterCount
        #expect(
            UnsafeBufferPointer(start: before.lora.values, count: count).map(\.bitPattern)
                == UnsafeBufferPointer(start: after.lora.values, count: count).map(\.bitPattern))
        #expect(trainer.stepsDone == 1)
    }

    @Test func beginsFromAnAdapter() throws {
        let first = try TinyRun.trainer()
        _ = try losses(first)
        let trained = try first.evaluate(TinyRun.pairs())
        var configuration = TrainerConfiguration()
        configuration.learningRate = 0
        let second = try Trainer(
            model: #require(TinyRun.model), configuration: configuration, pairs: TinyRun.pairs(),
            start: first.adapter())
        let evaluation = try second.evaluate(TinyRun.pairs())
        #expect(evaluation.loss == trained.loss)
        #expect(evaluation.rewardsMargin == trained.rewardsMargin)
    }

    @Test func endsAfterItsSteps() throws {
        let trainer = try TinyRun.trainer { $0.epochs = 1 }
        #expect(trainer.steps == 2)
        #expect(try losses(trainer).count == 2)
        #expect(try trainer.step() == nil)
    }

    @Test func countsWhatItLeavesOutAndCuts() throws {
        let trainer = try TinyRun.trainer { $0.maxLength = 6 }
        // Prompts have 3 to 8 tokens.
        #expect(trainer.pairs.count == 3)
        #expect(trainer.droppedPairs == 3)
        #expect(trainer.truncatedPairs == 3)
    }

    private static let nonsense: [@Sendable (inout TrainerConfiguration) -> Void] = [
        { $0.objective.beta = 0 }, { $0.objective.beta = .nan }, { $0.epochs = 0 },
        { $0.epochs = .max },
        { $0.batchSize = 0 }, { $0.gradientAccumulation = 0 }, { $0.maxLength = 0 },
        { $0.maxLength = 1 }, { $0.loraRank = 0 },
        { $0.loraRank = .max }, { $0.loraAlpha = 0 }, { $0.loraDropout = 1 },
        { $0.loraDropout = -0.1 }, { $0.loraDropout = .nan }, { $0.targetModules = [] },
        { $0.targetModules = ["lm_head"] }, { $0.learningRate = -1 },
        { $0.learningRate = .infinity }, { $0.maxGradientNorm = .nan }, { $0.warmupSteps = -1 },
        { $0.warmupSteps = 1.5 }, { $0.warmupSteps = .nan }, { $0.warmupSteps = 1e300 },
        { $0.adamBeta1 = 1 }, { $0.adamEpsilon = 0 }, { $0.weightDecay = -1 },
        { $0.momentum = 0.5 },
        { $0.learningRate = 1e300 }, { $0.weightDecay = 1e300 }, { $0.adamEpsilon = 1e-50 },
        {
            // Its only update would have a rate of 0.
            $0.batchSize = 6
            $0.epochs = 1
            $0.warmupSteps = 1
        },
        { $0.objective.granularity = .static(0) }, { $0.objective.granularity = .adaptive(-1) },
    ]

    @Test(arguments: nonsense.indices)
    func refusesNonsense(_ index: Int) throws {
        let error = #expect(throws: ADPOError.self) { try TinyRun.trainer(Self.nonsense[index]) }
        #expect(error?.code == .invalidArgument)
    }
}
