import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

struct ReferenceTests {
    /// Whatever the start, its margins are 0 when it is the reference.
    @Test func theStartCanBeTheReference() throws {
        let start = try TinyRun.trained()
        let trainer = try TinyRun.trainer(start: start) { $0.reference = .start }
        let metrics = try #require(try trainer.step())
        expectClose([Float(metrics.loss)], [0.693147], absolute: 1e-4)
        expectClose([Float(metrics.rewardsMargin)], [0], absolute: 1e-4)
        let other = try TinyRun.trainer(start: start)
        #expect(abs(try #require(try other.step()).rewardsMargin) > 0.01)
        // Of a new adapter the start is the model.
        let new = try #require(try TinyRun.trainer { $0.reference = .start }.step())
        let base = try #require(try TinyRun.trainer().step())
        #expect((new.loss, new.gradientNorm) == (base.loss, base.gradientNorm))
    }

    /// A pair's reference has the same bits whenever it is met.
    @Test func doesNotDependOnTheOrder() throws {
        func bits(seed: UInt64, file: String) throws -> [UInt8] {
            let trainer = try TinyRun.trainer {
                $0.seed = seed
                $0.batchSize = 1
                $0.referenceCache = file
            }
            _ = try trainer.step()
            return try readBytes(file)
        }
        try withTemporaryDirectory { directory in
            let first = try bits(seed: 1, file: directory + "/1")
            let second = try bits(seed: 2, file: directory + "/2")
            #expect(first == second)
        }
    }

    @Test func theFileGivesTheSameRun() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/references"
            let plain = try TinyRun.trainer()
            let writing = try TinyRun.trainer { $0.referenceCache = path }
            #expect(throws: ADPOError.self) { try readBytes(path) }
            for trainer in [plain, writing] { try trainer.run() }
            let written = try readBytes(path)
            let reading = try TinyRun.trainer { $0.referenceCache = path }
            try reading.run()
            #expect(try readBytes(path) == written)
            #expect(try TinyRun.bits(of: writing) == TinyRun.bits(of: plain))
            #expect(try TinyRun.bits(of: reading) == TinyRun.bits(of: plain))
        }
    }

    /// What belongs to others is replaced, never used.
    @Test func aStaleFileIsComputedAnew() throws {
        let start = try TinyRun.trained()
        try withTemporaryDirectory { directory in
            let path = directory + "/references"
            let trainers: [(Int, Adapter?, Reference)] = [
                (6, nil, .base), (5, nil, .base), (5, start, .base), (5, start, .start),
                (6, nil, .base),
            ]
            for (count, start, reference) in trainers {
                let plain = try TinyRun.trainer(pairs: count, start: start) {
                    $0.reference = reference
                }
                let cached = try TinyRun.trainer(pairs: count, start: start) {
                    $0.reference = reference
                    $0.referenceCache = path
                }
                let (expected, found) = (
                    try #require(try plain.step()), try #require(try cached.step())
                )
                #expect(found.loss == expected.loss)
                #expect(found.rewardsChosen == expected.rewardsChosen)
            }
        }
    }

    /// Before what it is to hold is computed.
    @Test func aFileThatCannotBeWrittenIsRefused() throws {
        try withTemporaryDirectory { directory in
            for path in [directory + "/missing/file", directory] {
                let error = #expect(throws: ADPOError.self) {
                    try TinyRun.trainer { $0.referenceCache = path }
                }
                #expect(error?.code == .io && error?.message.contains(path) == true)
                let trainer = try TinyRun.trainer()
                var run = RunConfiguration()
                run.checkpoint = path
                #expect(throws: ADPOError.self) { try trainer.run(run) }
                #expect(trainer.stepsDone == 0)
            }
            // Nothing is left behind.
            _ = try TinyRun.trainer { $0.referenceCache = directory + "/file" }
            #expect(throws: ADPOError.self) { try readBytes(directory + "/file") }
        }
    }

    @Test func aDamagedFileIsRefused() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/references"
            _ = try TinyRun.trainer { $0.referenceCache = path }.step()
            let whole = try readBytes(path)
            func expectRefused(_ bytes: [UInt8]) throws {
                try AtomicFile.write(bytes, to: path)
                let error = #expect(throws: ADPOError.self) {
                    try TinyRun.trainer { $0.referenceCache = path }
                }
                #expect(error?.code == .format)
                #expect(error?.message.contains(path) == true)
                #expect(try readBytes(path) == bytes)
            }
            for position in stride(from: 0, to: whole.count, by: 37) {
                var bytes = whole
                bytes[position] ^= 0x10
                // A changed digit of the key makes it another's.
                guard position < 8 || position >= whole.count - 64 * 4 else { continue }
                try expectRefused(bytes)
            }
            try expectRefused(Array(whole.dropLast(4)))
            try expectRefused(Array(whole.prefix(20)))
            try expectRefused([])
            try expectRefused(readBytes(Fixture.path("Fixtures/files/tiny.safetensors")))
        }
    }

    /// Nothing is wrong with a file's form when its log-probs are those of nothing.
    @Test(arguments: [-1, 3e38, Float.infinity])
    func aFileOfWrongLogProbsStopsTheRun(_ value: Float) throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/references"
            let kind = "adpo-reference-cache"
            _ = try TinyRun.trainer { $0.referenceCache = path }.step()
            let file = try StateFile(kind: kind, path: path)
            let count = try #require(file.tensor("log_probs")).elementCount
            try Array(repeating: value, count: count).withUnsafeBufferPointer {
                try StateFile.write(
                    kind: kind, facts: file.facts, tensors: [("log_probs", $0)], to: path)
            }
            let trainer = try TinyRun.trainer { $0.referenceCache = path }
            let error = #expect(throws: ADPOError.self) { try trainer.step() }
            #expect(error?.code == .format)
            #expect(error?.message.contains("remove \(path)") == true)
        }
    }

    /// A reference that is not the one that the policy starts from is noticed.
    @Test func aWrongReferenceStopsTheRun() throws {
        let trainer = try TinyRun.trainer { $0.shuffles = false }
        trainer.training.references[1] = Array(repeating: -1, count: 6 + 9)
        let error = #expect(throws: ADPOError.self) { try trainer.step() }
        #expect(error?.code == .internal)
        #expect(error?.message.hasPrefix("pair 2") == true, "\(String(describing: error))")
        #expect(trainer.stepsDone == 0)
    }
}
