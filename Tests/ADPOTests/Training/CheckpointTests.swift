import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

struct CheckpointTests {
    /// Two epochs of two windows: of two micro-batches, and of one.
    private func trainer(
        start: Adapter? = nil, _ change: (inout TrainerConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        try TinyRun.trainer(start: start) {
            $0.batchSize = 2
            $0.gradientAccumulation = 2
            $0.epochs = 2
            change(&$0)
        }
    }

    private func finish(_ trainer: Trainer) throws -> [String] {
        var seen: [String] = []
        while let metrics = try trainer.step() {
            seen.append("\(metrics.step) \(metrics.loss) \(metrics.epoch) \(metrics.numTokens)")
        }
        return seen
    }

    /// Saved after any number of micro-batches, restored in a new trainer: the same bits.
    @Test(arguments: OptimizerKind.allCases, 0...6)
    func restoredItGoesOnToTheSameBits(_ optimizer: OptimizerKind, _ microBatches: Int) throws {
        func make() throws -> Trainer {
            try trainer {
                $0.optimizer = optimizer
                $0.momentum = optimizer == .sgd ? 0.9 : 0
                $0.schedule = .cosine
            }
        }
        let whole = try make()
        let expected = try finish(whole)
        try withTemporaryDirectory { directory in
            let path = directory + "/checkpoint"
            let first = try make()
            for done in 0..<microBatches {
                _ = try first.accumulate()
                if [1, 2, 4, 5].contains(done) { _ = try first.apply() }
            }
            try first.save(to: path)
            let second = try make()
            try second.restore(from: path)
            #expect(second.stepsDone == first.stepsDone)
            let rest = try finish(second)
            #expect(rest == expected.suffix(rest.count))
            #expect(rest.count == 4 - first.stepsDone)
            #expect(try TinyRun.bits(of: second) == TinyRun.bits(of: whole))
            // The first one is as it was.
            #expect(try finish(first) == rest)
        }
    }

    /// The schedule's rate, the best adapter, patience and the alarm's window are part of it.
    @Test func aRunGoesOnFromItsCheckpoints() throws {
        func make() throws -> Trainer { try TinyRun.trainer { $0.epochs = 12 } }
        try withTemporaryDirectory { directory in
            let path = directory + "/checkpoint"
            var run = RunConfiguration()
            run.evaluation = try TinyRun.pairs(3)
            run.evaluationSteps = 3
            run.keepsBest = true
            run.checkpoint = path
            run.checkpointSteps = 1
            func describe(_ metrics: Metrics) -> String {
                "\(metrics.step) \(metrics.isEvaluation) \(metrics.loss) \(metrics.chosenFall)"
            }
            var expected: [String] = []
            let whole = try make()
            try whole.setLearningRate(5e-3)
            try whole.run(run) {
                expected.append(describe($0))
                return true
            }
            for stop in [1, 3, 4, 17, 24] {
                let first = try make()
                try first.setLearningRate(5e-3)
                var saved = 0
                try first.run(run) { _ in
                    if first.stepsDone > stop { return false }
                    saved = first.stepsDone
                    return true
                }
                #expect(saved == stop)
                let second = try make()
                try second.restore(from: path)
                #expect(second.stepsDone == stop)
                var found: [String] = []
                try second.run(run) {
                    found.append(describe($0))
                    return true
                }
                #expect(found == expected.suffix(found.count))
                #expect(second.bestEvaluation?.step == whole.bestEvaluation?.step)
                #expect(try TinyRun.bits(of: second) == TinyRun.bits(of: whole))
            }
        }
    }

    /// A run that early stopping has ended stays ended, with its best.
    @Test func aStoppedRunIsResumedAsStopped() throws {
        try withTemporaryDirectory { directory in
            var run = RunConfiguration()
            run.evaluation = PreferenceDataset(model: try #require(TinyRun.model))
            for pair in try TinyRun.pairs().pairs {
                try run.evaluation?.append(
                    PreferencePair(
                        prompt: pair.prompt, chosen: pair.rejected, rejected: pair.chosen))
            }
            run.evaluationSteps = 1
            run.patience = 2
            run.keepsBest = true
            run.checkpoint = directory + "/checkpoint"
            let first = try TinyRun.trainer()
            try first.run(run)
            #expect(first.stepsDone == 3 && first.bestEvaluation?.step == 1)
            let second = try TinyRun.trainer()
            try second.restore(from: directory + "/checkpoint")
            try second.run(run) { _ in
                Issue.record("the run is over")
                return true
            }
            #expect(try TinyRun.bits(of: second) == TinyRun.bits(of: first))
        }
    }

    /// What the window saw is restored, too.
    @Test func aMicroBatchIsRestored() throws {
        func make() throws -> Trainer { try trainer { $0.objective.granularity = .token } }
        try withTemporaryDirectory { directory in
            let first = try make()
            _ = try first.accumulate()
            try first.save(to: directory + "/checkpoint")
            let second = try make()
            try second.restore(from: directory + "/checkpoint")
            var (expected, found) = (
                try #require(try first.step()), try #require(try second.step())
            )
            (expected.seconds, found.seconds) = (0, 0)
            #expect(found == expected)
        }
    }

    private static let others: [(String, @Sendable (inout TrainerConfiguration) -> Void)] = [
        ("beta", { $0.objective.beta = 0.2 }),
        ("granularity", { $0.objective.granularity = .token }),
        ("epochs", { $0.epochs = 3 }), ("batch_size", { $0.batchSize = 3 }),
        ("gradient_accumulation", { $0.gradientAccumulation = 1 }), ("seed", { $0.seed = 1 }),
        ("shuffle", { $0.shuffles = false }), ("learning_rate", { $0.learningRate = 2e-3 }),
        ("schedule", { $0.schedule = .constant }), ("warmup_steps", { $0.warmupSteps = 1 }),
        ("optimizer", { $0.optimizer = .sgd }), ("weight_decay", { $0.weightDecay = 0.1 }),
        ("lora_rank", { $0.loraRank = 8 }), ("lora_alpha", { $0.loraAlpha = 8 }),
        ("target_modules", { $0.targetModules = ["q_proj"] }),
        ("use_rslora", { $0.usesRSLoRA = true }), ("use_dora", { $0.usesDoRA = true }),
        ("lora_dropout", { $0.loraDropout = 0.1 }),
        ("reference", { $0.reference = .start }), ("data", { $0.maxLength = 12 }),
    ]

    @Test(arguments: others.indices)
    func namesWhatDiffers(_ index: Int) throws {
        let (name, change) = Self.others[index]
        try withTemporaryDirectory { directory in
            let path = directory + "/checkpoint"
            try trainer().save(to: path)
            let other = try trainer(change)
            let before = try TinyRun.bits(of: other)
            let error = #expect(throws: ADPOError.self) { try other.restore(from: path) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(name) == true, "\(String(describing: error))")
            #expect(try TinyRun.bits(of: other) == before)
        }
    }

    @Test func namesAnotherModelStartOrData() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/checkpoint"
            try trainer().save(to: path)
            func refused(_ name: String, _ trainer: Trainer) {
                let error = #expect(throws: ADPOError.self) { try trainer.restore(from: path) }
                #expect(error?.message.contains("the \(name) is another") == true)
            }
            refused("starting adapter", try trainer(start: TinyRun.trained()))
            refused(
                "data",
                try TinyRun.trainer(pairs: 5) {
                    $0.batchSize = 2
                    $0.gradientAccumulation = 2
                    $0.epochs = 2
                })
            let model = try Model(path: Fixture.path("Fixtures/models/llama-f16.gguf"))
            var configuration = try trainer().configuration
            configuration.referenceCache = nil
            refused(
                "model",
                try Trainer(model: model, configuration: configuration, pairs: TinyRun.pairs()))
            // The same model elsewhere is the same.
            let copy = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
            try Trainer(model: copy, configuration: configuration, pairs: TinyRun.pairs())
                .restore(from: path)
        }
    }

    /// No byte can change unnoticed.
    @Test func refusesWhatIsDamaged() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/checkpoint"
            let trainer = try trainer()
            _ = try trainer.step()
            _ = try trainer.accumulate()
            try trainer.save(to: path)
            let whole = try readBytes(path)
            let before = try TinyRun.bits(of: trainer)
            func expectRefused(_ bytes: [UInt8], _ label: String) throws {
                try AtomicFile.write(bytes, to: path)
                #expect(throws: ADPOError.self, "\(label)") { try trainer.restore(from: path) }
            }
            for position in stride(from: 0, to: whole.count, by: 499) {
                var bytes = whole
                bytes[position] ^= 0x04
                try expectRefused(bytes, "byte \(position)")
            }
            for count in [0, 7, 8, 100, whole.count / 2, whole.count - 1] {
                try expectRefused(Array(whole.prefix(count)), "\(count) bytes")
            }
            try expectRefused(
                readBytes(Fixture.path("Fixtures/files/tiny.safetensors")), "another file")
            #expect(try TinyRun.bits(of: trainer) == before)
            #expect(trainer.stepsDone == 1)
            try AtomicFile.write(whole, to: path)
            try trainer.restore(from: path)
        }
    }

    /// The numbers of a micro-batch in a checkpoint, all 0 but for one.
    private static func microBatch(_ name: String = "", _ value: JSON = .null) -> JSON {
        .object(
            [
                "loss", "rewards/chosen", "rewards/rejected", "rewards/accuracies",
                "rewards/margins", "logps/chosen", "logps/rejected", "kl", "loss_per_segment",
                "seconds", "pairs", "segments", "tokens",
            ].map { ($0, $0 == name ? value : .integer(0)) })
    }

    /// Numbers that no run writes, under a checksum that is right, end in an error.
    @Test(
        arguments: [
            ("steps", JSON.integer(-1)), ("steps", .integer(5)), ("steps", .integer(.max)),
            ("tokens", .integer(-1)), ("tokens", .integer(.max)), ("learning_rate", .integer(-1)),
            ("learning_rate", .double(1e300)), ("learning_rate", .string("x")),
            ("has_moved", .null),
            ("optimizer_steps", .integer(-1)),
            ("optimizer_steps", .integer(.max)), ("trend", .array([])),
            (
                "trend",
                .object([
                    ("first", .array(Array(repeating: .integer(1), count: 99))),
                    ("last", .array([])),
                ])
            ),
            ("trend", .object([("first", .array([.string("x")])), ("last", .array([]))])),
            ("window", .array([.null])), ("window", .array([.object([])])),
            ("window", .array([microBatch("tokens", .integer(.max))])),
            ("window", .array([microBatch("tokens", .integer(1 << 50))])),
            ("window", .array([microBatch("kl", .string("x"))])),
            ("window", .array([microBatch(), microBatch()])),
            ("evaluations", .integer(1)),
            (
                "evaluations",
                .object([
                    ("pairs", .string("x")), ("step", .integer(2)), ("best_step", .integer(0)),
                    ("since_best", .integer(0)),
                ])
            ),
            (
                "evaluations",
                .object([
                    ("pairs", .string("x")), ("best_step", .integer(-1)),
                    ("since_best", .integer(0)),
                ])
            ),
            (
                "evaluations",
                .object([
                    ("pairs", .string("x")), ("best_step", .integer(0)),
                    ("since_best", .integer(.max)),
                ])
            ),
        ] as [(String, JSON)])
    func refusesImpossibleNumbers(_ name: String, _ value: JSON) throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/checkpoint"
            let trainer = try trainer()
            _ = try trainer.step()
            try trainer.accumulate()
            try trainer.save(to: path)
            // A micro-batch of zeros is possible, so that what is refused is what was changed.
            try changeFacts(path) { $0 == "window" ? .array([Self.microBatch()]) : $1 }
            try trainer.restore(from: path)
            try changeFacts(path) { $0 == name ? value : $1 }
            let error = #expect(throws: ADPOError.self) { try trainer.restore(from: path) }
            #expect(error?.code == .format)
            #expect(trainer.stepsDone == 1)
        }
    }

    /// Adding a setting leaves the files before it valid: the run was as the default has it. One that
    /// this version lacks is refused, since it may matter.
    @Test func settingsMayBeAdded() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/checkpoint"
            try trainer().save(to: path)
            let changed = try trainer { $0.usesDoRA = true }
            func changeSettings(_ change: ([(String, JSON)]) -> [(String, JSON)]) throws {
                try changeFacts(path) { key, value in
                    key == "settings"
                        ? .object(change(value.members?.map { ($0.key, $0.value) } ?? [])) : value
                }
            }
            try changeSettings { $0.filter { $0.0 != "use_dora" } }
            try trainer().restore(from: path)
            #expect(throws: ADPOError.self) { try changed.restore(from: path) }
            try changeSettings { $0 + [("later", .integer(1))] }
            let error = #expect(throws: ADPOError.self) { try trainer().restore(from: path) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("later") == true)
        }
    }

    private func changeFacts(_ path: String, _ change: (String, JSON) -> JSON) throws {
        let file = try StateFile(kind: "adpo-checkpoint", path: path)
        let facts = try #require(file.facts.members).map { ($0.key, change($0.key, $0.value)) }
        try withExtendedLifetime(file) {
            let tensors: [StateFile.Tensor] = file.names.compactMap { name in
                file.tensor(name).map { (name, $0.bytes.assumingMemoryBound(to: Float.self)) }
            }
            try StateFile.write(
                kind: "adpo-checkpoint", facts: .object(facts), tensors: tensors, to: path)
        }
    }
}
