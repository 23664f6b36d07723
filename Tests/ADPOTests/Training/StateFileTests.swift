import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Files that earlier versions of the library wrote stay readable: those of Fixtures/state_files are
/// by Tests/Golden/make_state_files.py.
struct StateFileTests {
    private static let folder = Fixture.path("Fixtures/state_files")

    private func trainer(
        _ change: (inout TrainerConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        try TinyRun.trainer {
            $0.objective.granularity = .token
            $0.loraRank = 2
            $0.loraDropout = 0.1
            $0.targetModules = ["q_proj"]
            $0.batchSize = 2
            $0.gradientAccumulation = 2
            $0.seed = 3
            $0.schedule = .cosine
            change(&$0)
        }
    }

    /// It was saved amid the third update of six, with the references taken from the cache.
    @Test func aRunGoesOnFromTheCheckpointOfThen() throws {
        let cached = try trainer { $0.referenceCache = Self.folder + "/references" }
        // The cache was read: nothing is left to write.
        let references = cached.training.references
        #expect(references.allSatisfy { $0 != nil })
        try cached.restore(from: Self.folder + "/checkpoint")
        #expect(cached.stepsDone == 2)
        #expect(cached.bestEvaluation?.step == 1)

        var run = RunConfiguration()
        run.evaluation = try TinyRun.pairs(3)
        run.evaluationSteps = 1
        run.keepsBest = true
        var found: [Metrics] = []
        try cached.run(run) {
            found.append($0)
            return true
        }
        let expected = try #require(try JSON(path: Self.folder + "/rest.json").array)
        #expect(found.map(\.step) == expected.map { $0["step"]?.integer })
        // Other processors round otherwise.
        expectClose(
            found.map { Float($0.loss) }, expected.map { Float($0["loss"]?.double ?? .nan) },
            absolute: 1e-3)
    }

    /// The first version of the format did not name itself, and its dropout masks were others.
    @Test(arguments: [nil, "1", "3"])
    func anotherVersionOfTheFormatIsRefused(_ version: String?) throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/file"
            for kind in ["adpo-checkpoint", "adpo-reference-cache"] {
                try SafetensorsWriter.write(
                    [], to: path,
                    metadata: [("format", kind), ("facts", "{}"), ("checksum", "")]
                        + (version.map { [("version", $0)] } ?? [])
                ) { _, _ in }
                let error = #expect(throws: ADPOError.self) {
                    if kind == "adpo-checkpoint" {
                        try trainer().restore(from: path)
                    } else {
                        _ = try trainer { $0.referenceCache = path }
                    }
                }
                #expect(error?.code == .unsupported)
                let message = error?.message ?? ""
                #expect(message.contains("version \(version ?? "1") of its format"))
                #expect(message.contains("remove it"))
            }
        }
    }
}
