import ADPO
import ADPOBase
import TestSupport
import Testing

struct AccumulationTests {
    /// Seven pairs: windows of 2 + 2, and 2 + 1.
    private func trainer(_ change: (inout TrainerConfiguration) -> Void = { _ in }) throws
        -> Trainer
    {
        try TinyRun.trainer(pairs: 7) {
            $0.batchSize = 2
            $0.gradientAccumulation = 2
            $0.epochs = 2
            change(&$0)
        }
    }

    @Test func aStepIsItsParts() throws {
        let (whole, parts) = (try trainer(), try trainer())
        #expect(whole.steps == 4)
        for _ in 0..<4 {
            let expected = try #require(try whole.step())
            _ = try parts.accumulate()
            _ = try parts.accumulate()
            let metrics = try parts.apply()
            #expect(metrics.loss == expected.loss)
            #expect(metrics.gradientNorm == expected.gradientNorm)
            #expect(metrics.tokens == expected.tokens)
        }
        #expect(try TinyRun.bits(of: parts) == TinyRun.bits(of: whole))
        #expect(parts.stepsDone == 4)
    }

    /// Of equal micro-batches the mean is that of one batch.
    @Test func accumulatedIsAsOneBatch() throws {
        let accumulated = try TinyRun.trainer(pairs: 4) {
            $0.batchSize = 2
            $0.gradientAccumulation = 2
        }
        let together = try TinyRun.trainer(pairs: 4) { $0.batchSize = 4 }
        let (first, second) = (
            try #require(try accumulated.step()), try #require(try together.step())
        )
        expectClose(
            [Float(first.loss), Float(first.gradientNorm), Float(first.rewardsMargin)],
            [Float(second.loss), Float(second.gradientNorm), Float(second.rewardsMargin)],
            absolute: 1e-5, relative: 1e-4)
        #expect(first.pairs == 4)
        expectClose(
            accumulated.withGradients(Array.init), together.withGradients(Array.init),
            absolute: 1e-5)
    }

    @Test func keepsItsOrder() throws {
        let trainer = try trainer()
        func refused(_ body: () throws -> Metrics) {
            let error = #expect(throws: ADPOError.self) { _ = try body() }
            #expect(error?.code == .invalidArgument)
        }
        refused { try trainer.apply() }
        _ = try trainer.accumulate()
        refused { try trainer.apply() }
        _ = try trainer.accumulate()
        refused { try trainer.accumulate() }
        #expect(try trainer.apply().step == 1)
        try trainer.run()
        refused { try trainer.accumulate() }
        refused { try trainer.apply() }
    }

    @Test func aHostChangesTheGradient() throws {
        let trainer = try trainer {
            $0.optimizer = .sgd
            $0.maxGradientNorm = 0
            $0.schedule = .constant
        }
        let before = try TinyRun.values(of: trainer)
        _ = try trainer.accumulate()
        _ = try trainer.accumulate()
        trainer.withGradients { $0.update(repeating: 2) }
        #expect(try trainer.apply().gradientNorm > 0)
        expectClose(
            try TinyRun.values(of: trainer), before.map { $0 - 2e-3 }, absolute: 1e-6)
        _ = try trainer.accumulate()
        _ = try trainer.accumulate()
        trainer.withGradients { $0[3] = .nan }
        let error = #expect(throws: ADPOError.self) { try trainer.apply() }
        #expect(error?.code == .numeric)
        #expect(try trainer.step()?.step == 2)
    }

    @Test func setsTheLearningRate() throws {
        let trainer = try trainer { $0.schedule = .constant }
        try trainer.setLearningRate(5e-4)
        #expect(try trainer.step()?.learningRate == 5e-4)
        for rate in [-1, .nan, .infinity] {
            #expect(throws: ADPOError.self) { try trainer.setLearningRate(rate) }
        }
        #expect(try trainer.step()?.learningRate == 5e-4)
    }
}
