import ADPOBase
import ADPOTensor
import TestSupport
import Testing

struct TensorFileTests {
    @Test func tellsTheKindsApart() throws {
        let directory = Fixture.path("Fixtures/files/single")
        let huggingFace = try TensorFile.open(path: directory)
        guard case .huggingFace(directory) = huggingFace.kind else {
            Issue.record("\(huggingFace.kind)")
            return
        }
        #expect(huggingFace.names == ["a"])
        let gguf = try TensorFile.open(path: Fixture.path("Fixtures/files/tiny.gguf"))
        guard case .gguf(let metadata) = gguf.kind else {
            Issue.record("\(gguf.kind)")
            return
        }
        #expect(metadata["general.architecture"]?.string == "llama")
    }

    @Test func aMissingPathIsNotFound() {
        for path in ["", "/nonexistent/model.gguf", Fixture.path("Fixtures/files/tiny.gguf/x")] {
            let error = #expect(throws: ADPOError.self) { try TensorFile.open(path: path) }
            #expect(error?.code == .notFound)
            #expect(error?.message.contains(path) == true)
        }
    }

    /// Opening a pipe that nobody writes to would wait forever.
    @Test func aPipeIsRefused() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/pipe"
            #expect(mkfifo(path, 0o600) == 0)
            let error = #expect(throws: ADPOError.self) { try TensorFile.open(path: path) }
            #expect(error?.code == .io)
            #expect(error?.message.contains("not a regular file") == true)
        }
    }

    @Test func aDirectoryWithoutAModelIsNotFound() throws {
        try withTemporaryDirectory { directory in
            let empty = #expect(throws: ADPOError.self) { try TensorFile.open(path: directory) }
            #expect(empty?.code == .notFound)
            #expect(empty?.message.contains("config.json") == true)
            try AtomicFile.write(Array("{}".utf8), to: directory + "/config.json")
            let weightless = #expect(throws: ADPOError.self) {
                try TensorFile.open(path: directory)
            }
            #expect(weightless?.code == .notFound)
            #expect(weightless?.message.contains("model.safetensors") == true)
        }
    }
}
