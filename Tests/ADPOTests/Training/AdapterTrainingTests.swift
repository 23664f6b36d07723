import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Runs with dropout and DoRA. Their numbers are compared with PEFT's in `GradientTests` and
/// `TRLTests`.
struct AdapterTrainingTests {
    static let kinds: [@Sendable (inout TrainerConfiguration) -> Void] = [
        { $0.loraDropout = 0.2 }, { $0.usesDoRA = true },
        {
            $0.usesDoRA = true
            $0.loraDropout = 0.2
            $0.targetModules = ["model.layers.1.*", "v_proj"]
        },
    ]

    private func trainer(
        _ kind: Int, start: Adapter? = nil,
        _ change: (inout TrainerConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        try TinyRun.trainer(start: start) {
            $0.batchSize = 2
            $0.gradientAccumulation = 2
            $0.epochs = 3
            $0.learningRate = 1e-2
            Self.kinds[kind](&$0)
            change(&$0)
        }
    }

    private func bits(_ trainer: Trainer) throws -> [UInt32] {
        try trainer.run()
        return try TinyRun.bits(of: trainer)
    }

    @Test(arguments: kinds.indices)
    func theLossFalls(_ kind: Int) throws {
        let trainer = try trainer(kind) { $0.epochs = 10 }
        let before = try trainer.evaluate(TinyRun.pairs())
        try trainer.run()
        let after = try trainer.evaluate(TinyRun.pairs())
        #expect(after.loss < before.loss - 0.1)
    }

    /// Neither threads nor what is computed again change a bit.
    @Test(arguments: kinds.indices)
    func twoRunsAreEqualToTheBit(_ kind: Int) throws {
        let expected = try bits(trainer(kind))
        #expect(try bits(trainer(kind) { $0.activationMemory = 0 }) == expected)
        Parallel.setThreadCount(3)
        defer { Parallel.setThreadCount(0) }
        #expect(try bits(trainer(kind)) == expected)
    }

    @Test(arguments: kinds.indices, 0...5)
    func restoredItGoesOnToTheSameBits(_ kind: Int, _ microBatches: Int) throws {
        let whole = try trainer(kind)
        try withTemporaryDirectory { directory in
            let first = try trainer(kind)
            for done in 0..<microBatches {
                _ = try first.accumulate()
                if [1, 2, 4].contains(done) { _ = try first.apply() }
            }
            try first.save(to: directory + "/checkpoint")
            let second = try trainer(kind)
            try second.restore(from: directory + "/checkpoint")
            #expect(try bits(second) == bits(whole))
        }
    }

    @Test func masksDifferBySeedAndPass() throws {
        func gradients(seed: UInt64, after steps: Int = 0) throws -> [Float] {
            let trainer = try TinyRun.trainer(start: TinyRun.trained()) {
                $0.loraDropout = 0.5
                $0.shuffles = false
                $0.learningRate = 0
                $0.seed = seed
            }
            for _ in 0..<steps { _ = try trainer.step() }
            try trainer.accumulate()
            return trainer.withGradients(Array.init)
        }
        let first = try gradients(seed: 1)
        #expect(try gradients(seed: 1) == first)
        #expect(try gradients(seed: 2) != first)
        // The same pairs, two updates later.
        #expect(try gradients(seed: 1, after: 2) != first)
    }

    /// Dropout is for training alone.
    @Test func evaluationHasNoDropout() throws {
        let start = try TinyRun.trained()
        let with = try TinyRun.trainer(start: start) { $0.loraDropout = 0.5 }
        let without = try TinyRun.trainer(start: start)
        #expect(try with.evaluate(TinyRun.pairs()).loss == without.evaluate(TinyRun.pairs()).loss)
        #expect(try with.step()?.loss != without.step()?.loss)
        // The policy drops, the reference does not: they differ from the start, and may.
        let reference = try TinyRun.trainer(start: start) {
            $0.loraDropout = 0.5
            $0.reference = .start
        }
        #expect(try reference.step()?.loss != nil)
    }

    /// Magnitudes begin as the norms of the rows, on any encoding, and are trained.
    @Test(arguments: ["llama-f32", "llama-bias", "llama-q4_0.gguf"])
    func magnitudesBeginAsNorms(_ name: String) throws {
        let model = try Model(path: Fixture.path("Fixtures/models/\(name)"))
        var configuration = TrainerConfiguration()
        configuration.usesDoRA = true
        configuration.learningRate = 1e-2
        let trainer = try Trainer(
            model: model, configuration: configuration, pairs: TinyRun.pairs())
        let values = try TinyRun.values(of: trainer)
        let layout = try trainer.adapter().layout
        #expect(layout.modules.count == 7 * model.info.layers)
        for module in layout.modules {
            let weight = model.weights[module.weight]
            let norms = (0..<weight.rows).map { row in
                var values = [Float](repeating: 0, count: weight.columns)
                weight.decode(row: row, into: &values)
                return Float(values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
            }
            let range = try #require(module.magnitudes)
            expectClose(Array(values[range]), norms, absolute: 0, relative: 1e-6)
        }
        _ = try trainer.step()  // which asserts that the policy began as the reference
        let moved = try TinyRun.values(of: trainer)
        let range = try #require(layout.module("0.mlp.gate_proj", of: model)?.magnitudes)
        #expect(moved[range] != values[range])
    }

    /// A trained adapter computes what the trainer did, saved and loaded, or merged.
    @Test func aDoRAAdapterIsWhatWasTrained() throws {
        let trainer = try trainer(1)
        try trainer.run()
        let loss = try trainer.evaluate(TinyRun.pairs()).loss
        try withTemporaryDirectory { directory in
            try trainer.adapter().save(to: directory + "/adapter")
            let adapter = try Adapter(model: trainer.model, path: directory + "/adapter")
            let again = try TinyRun.trainer(start: adapter)
            #expect(try again.evaluate(TinyRun.pairs()).loss == loss)
            #expect(again.parameterCount == trainer.parameterCount)
            _ = try trainer.model.export(
                to: directory + "/merged", adapter: adapter, encoding: "F32")
            let merged = try Session(model: Model(path: directory + "/merged"))
            let session = try Session(model: trainer.model)
            try session.setAdapter(adapter)
            let tokens: [Int32] = (0..<30).map { $0 * 7 % 320 }
            expectClose(
                try merged.score(tokens), try session.score(tokens), absolute: 1e-4)
        }
    }

    /// In bf16, each kind is what it is in f32, but for rounding.
    @Test(arguments: kinds.indices)
    func bf16IsClose(_ kind: Int) throws {
        func gradients(_ dtype: DType) throws -> [Float] {
            let start = try trainer(kind)
            try start.run()
            let trainer = try trainer(kind, start: start.adapter()) { $0.dtype = dtype }
            try trainer.accumulate()
            return trainer.withGradients(Array.init)
        }
        let (exact, rounded) = (try gradients(.f32), try gradients(.bf16))
        // Where the processor has no bf16 products, they are the same.
        let norm = exact.reduce(0) { $0 + $1 * $1 }.squareRoot()
        let difference = zip(exact, rounded).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            .squareRoot()
        #expect(difference < 0.05 * norm)
    }
}
