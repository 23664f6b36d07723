import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// What full fine-tuning shares with adapters, and what it refuses. See `FullGradientTests` and
/// `TRLTests` for its numbers.
struct FullFineTuningTests {
    private func trainer(
        _ change: (inout TrainerConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        try TinyRun.trainer {
            $0.fullFineTuning = true
            $0.learningRate = 1e-4
            change(&$0)
        }
    }

    private func bits(_ trainer: Trainer) throws -> [[UInt32]] {
        let values = try trainer.tunedModel().weights.values(.huggingFace)
        return values.sorted { $0.key < $1.key }.map { $0.value.map(\.bitPattern) }
    }

    private func model(_ name: String) throws -> Model {
        try Model(path: Fixture.path("Fixtures/models/\(name)"))
    }

    private func trainer(model: Model) throws -> Trainer {
        var configuration = TrainerConfiguration()
        configuration.fullFineTuning = true
        configuration.learningRate = 1e-4
        var pairs = PreferenceDataset(model: model)
        try pairs.append(contentsOf: TinyRun.pairs().pairs)
        return try Trainer(model: model, configuration: configuration, pairs: pairs)
    }

    /// Every loss and granularity reaches the weights.
    @Test(arguments: Loss.allCases, [Granularity.response, .token])
    func everyLossTrains(_ loss: Loss, _ granularity: Granularity) throws {
        let trainer: Trainer
        do {
            trainer = try self.trainer {
                $0.objective.loss = loss
                $0.objective.granularity = granularity
                if loss == .robust || loss == .exoPair { $0.objective.labelSmoothing = 0.1 }
            }
        } catch let error as ADPOError where granularity == .token {
            #expect(error.code == .invalidArgument)  // a loss of whole responses
            return
        }
        let before = try trainer.evaluate(TinyRun.pairs()).loss
        while try trainer.step() != nil {}
        #expect(try trainer.evaluate(TinyRun.pairs()).loss < before)
    }

    @Test func twoRunsAreEqualToTheBit() throws {
        func bits(threads: Int) throws -> [[UInt32]] {
            Parallel.setThreadCount(threads)
            defer { Parallel.setThreadCount(0) }
            let trainer = try trainer { $0.gradientAccumulation = 2 }
            try trainer.run()
            return try self.bits(trainer)
        }
        let first = try bits(threads: 2)
        #expect(try bits(threads: 2) == first)
        #expect(try bits(threads: 1) == first)
    }

    /// Saved within a window and between updates, restored in a new trainer: the same bits.
    @Test(arguments: OptimizerKind.allCases, [1, 2, 3])
    func restoredItGoesOnToTheSameBits(_ optimizer: OptimizerKind, _ microBatches: Int) throws {
        func make() throws -> Trainer {
            try trainer {
                $0.optimizer = optimizer
                $0.batchSize = 2
                $0.gradientAccumulation = 2
                $0.weightDecay = 0.1
            }
        }
        let whole = try make()
        try whole.run()
        try withTemporaryDirectory { directory in
            let path = directory + "/checkpoint"
            let first = try make()
            for done in 0..<microBatches {
                try first.accumulate()
                if done > 0 { _ = try first.apply() }
            }
            try first.save(to: path)
            let second = try make()
            try second.restore(from: path)
            try second.run()
            #expect(try bits(second) == bits(whole))
            // An adapter's run is another one.
            #expect(throws: ADPOError.self) { try TinyRun.trainer().restore(from: path) }
        }
    }

    @Test func keepsTheBest() throws {
        var run = RunConfiguration()
        run.evaluation = try TinyRun.pairs(3)
        run.evaluationSteps = 1
        run.keepsBest = true
        let trainer = try trainer {
            $0.learningRate = 3e-2
            $0.maxGradientNorm = 0
        }
        var losses: [Double] = []
        try trainer.run(run) {
            if $0.isEvaluation { losses.append($0.loss) }
            return true
        }
        #expect(try trainer.evaluate(TinyRun.pairs(3)).loss == losses.min())
    }

    /// The model is a copy that scores as the trainer's policy, and its base is as it was.
    @Test(arguments: ["llama-f32", "llama-tied-bf16", "llama-f16-sharded", "llama-f16.gguf"])
    func givesTheModel(_ name: String) throws {
        let base = try model(name)
        let fingerprint = base.fingerprint
        let trainer = try trainer(model: base)
        _ = try trainer.step()
        let tuned = try trainer.tunedModel()
        #expect(tuned.info.encoding == "F32")
        #expect(tuned.info.parameters == base.info.parameters)
        #expect(tuned.info.weightBytes == 4 * base.info.parameters)
        #expect(trainer.parameterCount == base.info.parameters)
        let pair = try #require(trainer.pairs.first)
        let tokens = pair.prompt + pair.chosen
        let logProbs = try Session(model: tuned).score(tokens)
        let before = try Session(model: base).score(tokens)
        #expect(logProbs.dropFirst() != before.dropFirst())

        var one = PreferenceDataset(model: base)
        try one.append(pair)
        expectClose(
            [Float(try trainer.evaluate(one).logProbsChosen)],
            [logProbs.suffix(pair.chosen.count).reduce(0, +)], absolute: 1e-3)

        _ = try trainer.step()
        #expect(try Session(model: tuned).score(tokens).dropFirst() == logProbs.dropFirst())
        #expect(base.fingerprint == fingerprint)
    }

    /// Exports are read back and compared; one in F32 gives the weights bit by bit.
    @Test(arguments: ["llama-tied-bf16", "llama-f16.gguf"], ["tuned", "tuned.gguf"])
    func theModelIsExported(_ name: String, _ file: String) throws {
        let trainer = try trainer(model: model(name))
        _ = try trainer.step()
        let tuned = try trainer.tunedModel()
        try withTemporaryDirectory { directory in
            let path = "\(directory)/\(file)"
            let report = try tuned.export(to: path)
            #expect(report.maxDifference < 1e-4)
            let read = try Model(path: path)
            #expect(read.info.parameters == tuned.info.parameters)
            let names = tuned.file.kind.fileKind
            // The rows of queries and keys are ordered otherwise in the other kind of file.
            if names == read.file.kind.fileKind {
                #expect(read.weights.values(names) == tuned.weights.values(names))
            }
        }
    }

    /// In bf16 the masters are F32 all the same.
    @Test func trainsInBF16() throws {
        let trainer = try trainer { $0.dtype = .bf16 }
        let losses = try [trainer.step(), trainer.step(), trainer.step()].map { $0?.loss ?? .nan }
        let exact = try self.trainer()
        for loss in losses {
            expectClose(
                [Float(loss)], [Float(try #require(try exact.step()).loss)], absolute: 0.05)
        }
    }

    @Test(arguments: ["llama-q8_0.gguf", "llama-q4_0.gguf", "llama-wide-q4_k.gguf"])
    func refusesQuantizedModels(_ name: String) throws {
        let model = try model(name)
        let error = #expect(throws: ADPOError.self) { try trainer(model: model) }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("full fine-tuning needs F32, F16 or BF16") == true)
    }

    @Test func refusesWhatItHasNot() throws {
        let start = try TinyRun.trained()
        let started = #expect(throws: ADPOError.self) {
            try TinyRun.trainer(start: start) { $0.fullFineTuning = true }
        }
        #expect(started?.code == .invalidArgument)
        let adapters: [(inout TrainerConfiguration) -> Void] = [
            { $0.loraDropout = 0.1 }, { $0.usesDoRA = true }, { $0.usesRSLoRA = true },
            { $0.targetModules = ["q_proj"] },
        ]
        for change in adapters {
            #expect(throws: ADPOError.self) { try trainer(change) }
        }
        let full = try trainer()
        #expect(throws: ADPOError.self) { try full.adapter() }
        let adapter = try TinyRun.trainer()
        #expect(throws: ADPOError.self) { try adapter.tunedModel() }
    }

    /// The memory that `inspect` promises: weights, gradients and two moments.
    @Test func inspectionKnowsItsMemory() throws {
        let model = try #require(TinyRun.model)
        var configuration = TrainerConfiguration()
        configuration.fullFineTuning = true
        let memory = try TinyRun.pairs().inspect(
            model: model, configuration: configuration, measuresTime: false
        ).memory
        let bytes = 4 * model.info.parameters
        #expect(memory.parameters == bytes)
        #expect(memory.gradients == bytes)
        #expect(memory.optimizer == 2 * bytes)
    }
}
