import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// What is asserted in every run. See also `ReferenceTests`.
struct ChecksTests {
    private func expectStopped(
        _ trainer: Trainer, _ parts: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let before = try TinyRun.bits(of: trainer)
        let steps = trainer.stepsDone
        let error = #expect(throws: ADPOError.self, sourceLocation: sourceLocation) {
            try trainer.step()
        }
        #expect(error?.code == .numeric, sourceLocation: sourceLocation)
        for part in parts {
            #expect(
                error?.message.contains(part) == true, "\(String(describing: error))",
                sourceLocation: sourceLocation)
        }
        #expect(try TinyRun.bits(of: trainer) == before, sourceLocation: sourceLocation)
        #expect(trainer.stepsDone == steps, sourceLocation: sourceLocation)
    }

    /// Where pairs were left out, the row of the data is named, too.
    @Test func namesThePairAndItsRow() throws {
        var data = try TinyRun.pairs(0)
        try data.append(
            PreferencePair(prompt: Array(repeating: 1, count: 40), chosen: [2], rejected: [3]))
        try data.append(contentsOf: TinyRun.pairs(2).pairs)
        var configuration = TrainerConfiguration()
        configuration.maxLength = 40
        configuration.batchSize = 1
        configuration.shuffles = false
        configuration.learningRate = 1e30
        configuration.maxGradientNorm = 0
        let trainer = try Trainer(
            model: #require(TinyRun.model), configuration: configuration, pairs: data)
        #expect(trainer.droppedPairs == 1)
        _ = try trainer.step()
        try expectStopped(trainer, ["pair 2 (row 3 of the data)", "log-prob"])
        let error = #expect(throws: ADPOError.self) { try trainer.evaluate(data) }
        #expect(error?.code == .numeric)
        #expect(error?.message.hasPrefix("in the evaluation, pair 1 (row 2 of the data)") == true)
    }

    /// Log-probs that are finite can still have a gradient that is not.
    @Test func namesThePairOfAGradient() throws {
        let model = try #require(TinyRun.model)
        let layout = try AdapterLayout(
            model.architecture.parameters, rank: 4,
            weights: TargetModule.matching(
                ["q_proj", "down_proj"], model.architecture.parameters))
        var values = [Float](repeating: 0, count: layout.count)
        for layer in 0..<model.info.layers {
            let module = try #require(layout.module("\(layer).mlp.down_proj", of: model))
            for index in module.a { values[index] = 1e34 }
        }
        let start = try Adapter(
            model: model, layout: layout, alpha: 1e9, isRankStabilized: false, values: values)
        let trainer = try TinyRun.trainer(start: start) { $0.shuffles = false }
        try expectStopped(trainer, ["pair 1: its gradient is not finite"])
        try expectStopped(trainer, ["pair 1: its gradient is not finite"])
    }

    @Test func aFirstGradientOfZeroIsRefused() throws {
        let model = try #require(TinyRun.model)
        var data = PreferenceDataset(model: model)
        try data.append(PreferencePair(prompt: [1, 2], chosen: [3, 4], rejected: [3, 4]))
        let trainer = try Trainer(model: model, pairs: data)
        try expectStopped(trainer, ["gradient of the first update is 0"])
    }

    /// Without reference the margins do not begin at 0, and a hinge may be flat.
    @Test func aHingeMayBeFlat() throws {
        let flat = try TinyRun.pairs().pairs.map { pair in
            try PreferencePair(
                prompt: pair.prompt, chosen: Array(pair.chosen.prefix(1)), rejected: pair.rejected)
        }
        var data = try TinyRun.pairs(0)
        try data.append(contentsOf: flat)
        var configuration = TrainerConfiguration()
        configuration.objective.loss = .hinge
        configuration.objective.isReferenceFree = true
        configuration.objective.beta = 1
        let trainer = try Trainer(
            model: #require(TinyRun.model), configuration: configuration, pairs: data)
        let metrics = try #require(try trainer.step())
        #expect(metrics.loss == 0 && metrics.gradientNorm == 0)

        // So it may where training starts from an adapter that has won.
        let won = try TinyRun.trainer {
            $0.learningRate = 1e-2
            $0.epochs = 30
            $0.objective.loss = .hinge
            $0.objective.beta = 1
        }
        try won.run()
        let next = try TinyRun.trainer(start: won.adapter()) {
            $0.objective.loss = .hinge
            $0.objective.beta = 1
        }
        #expect(try next.step()?.gradientNorm == 0)
    }

    /// The estimate of the divergence names its row.
    @Test func namesTheRowOfTheDivergence() throws {
        var configuration = TrainerConfiguration()
        configuration.objective.loss = .kto
        configuration.shuffles = false
        configuration.learningRate = 1e30
        configuration.maxGradientNorm = 0
        let trainer = try Trainer(
            model: #require(TinyRun.model), configuration: configuration, pairs: TinyRun.pairs())
        _ = try trainer.step()
        try expectStopped(trainer, ["pair 5 (row 3 of the data)"])
    }

    @Test func anUpdateThatChangesNothingIsRefused() throws {
        let trainer = try TinyRun.trainer {
            $0.optimizer = .sgd
            $0.momentum = 0.9
            $0.learningRate = 1e-46
            $0.schedule = .constant
        }
        try expectStopped(trainer, ["changed no parameter", "1e-46"])
        // With a rate that does, it goes on as if nothing had been.
        try trainer.setLearningRate(1e-3)
        let other = try TinyRun.trainer {
            $0.optimizer = .sgd
            $0.momentum = 0.9
            $0.schedule = .constant
        }
        for _ in 0..<2 { #expect(try trainer.step()?.loss == other.step()?.loss) }
        #expect(try TinyRun.bits(of: trainer) == TinyRun.bits(of: other))
    }

    /// A rate of 0, as during warmup, rightly changes nothing.
    @Test func aRateOfZeroMayChangeNothing() throws {
        let trainer = try TinyRun.trainer { $0.warmupSteps = 1 }
        let before = try TinyRun.bits(of: trainer)
        #expect(try trainer.step()?.learningRate == 0)
        #expect(try TinyRun.bits(of: trainer) == before)
        _ = try trainer.step()
        #expect(try TinyRun.bits(of: trainer) != before)
    }

    @Test func twoRunsAreEqualToTheBit() throws {
        func bits(threads: Int) throws -> [UInt32] {
            Parallel.setThreadCount(threads)
            defer { Parallel.setThreadCount(0) }
            let trainer = try TinyRun.trainer { $0.gradientAccumulation = 2 }
            try trainer.run()
            return try TinyRun.bits(of: trainer)
        }
        let first = try bits(threads: 2)
        #expect(try bits(threads: 2) == first)
        #expect(try bits(threads: 1) == first)
    }
}
