import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// What files say of themselves, loaded or not.
struct FileDescriptionTests {
    private func description(_ path: String) throws -> FileDescription {
        try FileDescription(path: Fixture.path("Fixtures/\(path)"))
    }

    @Test func modelsThatCanDoAll() throws {
        for (path, format) in [
            ("models/llama-f32", "safetensors"), ("models/llama-f16.gguf", "gguf"),
        ] {
            let found = try description(path)
            #expect(found.format == format)
            #expect(found.architecture == "llama")
            #expect(found.model == (try Model(path: Fixture.path("Fixtures/\(path)")).info))
            #expect(found.hasChatTemplate)
            #expect(found.loadingProblem == nil && found.fullTuningProblem == nil)
            #expect(found.directoryExportProblem == nil && found.ggufExportProblem == nil)
            let bytes = found.encodings.map(\.bytes)
            #expect(bytes == bytes.sorted(by: >) && !bytes.isEmpty)
        }
    }

    @Test func quantizedModelsAreNotTunedAsAWhole() throws {
        let found = try description("models/llama-q4_0.gguf")
        #expect(found.fullTuningProblem?.contains("Q4_0") == true)
        #expect(found.encodings.map(\.encoding).contains("Q4_0"))
        #expect(found.loadingProblem == nil)
    }

    /// llama.cpp has no way to say what this model computes.
    @Test func modelsThatNoGGUFFileCanHold() throws {
        let found = try description("families/gpt2-untied")
        #expect(found.ggufExportProblem != nil)
        #expect(found.directoryExportProblem == nil && found.loadingProblem == nil)
    }

    @Test func architecturesThatAreNotSupported() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/model.gguf"
            var writer = GGUFWriter()
            writer.set("general.architecture", .text("rwkv"))
            try writer.write([], to: path) { (_, _) throws(ADPOError) in }
            let found = try FileDescription(path: path)
            #expect(found.architecture == "rwkv")
            #expect(found.model == nil)
            for problem in [
                found.loadingProblem, found.fullTuningProblem, found.directoryExportProblem,
                found.ggufExportProblem,
            ] {
                #expect(problem?.contains("rwkv") == true)
            }
        }
    }

    @Test func filesThatAreNoModels() {
        for path in ["models", "pairs.jsonl", "nothing"] {
            #expect(throws: ADPOError.self) { try description(path) }
        }
    }
}
