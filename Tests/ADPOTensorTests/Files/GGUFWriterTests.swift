import ADPOBase
import ADPOTensor
import FoundationEssentials
import TestSupport
import Testing

struct GGUFWriterTests {
    /// The same bytes as the gguf package writes (Golden/make_files.py).
    @Test func writesWhatGGUFWrites() throws {
        var writer = GGUFWriter()
        writer.set("general.architecture", .text("llama"))
        writer.set("t.uint32", .uint32(1))
        writer.set("t.float32", .float32(0.1))
        writer.set("t.bool", .bool(true))
        writer.set("t.string", .text("caf\u{E9}"))
        writer.set("t.strings", .strings([[0x61], [], [0xFF, 0xFE]]))
        writer.set("t.integers", .int32s([1, -2, 3]))
        // In the place of the first value.
        writer.set("t.uint32", .count(4_000_000_000))
        let golden = Fixture.path("Fixtures/files/written.gguf")
        try withTemporaryDirectory { directory in
            let path = directory + "/x.gguf"
            try copyTensors(["single", "half"], of: golden, to: path, writer)
            #expect(try readBytes(path) == readBytes(golden))
        }
    }

    /// Metadata of every type, and the alignment of 64 that it asks for.
    @Test func carriesMetadataOver() throws {
        let source = Fixture.path("Fixtures/files/tiny.gguf")
        let metadata = try GGUFFile(path: source).metadata
        let writer = GGUFWriter(copying: metadata) { $0 == "t.bool" }
        try withTemporaryDirectory { directory in
            let path = directory + "/x.gguf"
            try copyTensors(["single", "half", "quantized"], of: source, to: path, writer)
            let copy = try GGUFFile(path: path)
            #expect(copy.metadata.pairs.map(\.key) == keys(metadata).filter { $0 != "t.bool" })
            #expect(copy.metadata["general.alignment"]?.integer == 64)
            for pair in copy.metadata.pairs {
                #expect(encoded(pair.key, copy.metadata) == encoded(pair.key, metadata))
            }
            #expect(copy.tensors.names == ["single", "half", "quantized"])
            let original = try GGUFFile(path: source).tensors
            for name in copy.tensors.names {
                let view = try #require(try copy.tensors.tensor(name))
                #expect(try view.floats == original.tensor(name)?.floats)
                let start = Int(bitPattern: view.file.bytes.baseAddress)
                #expect((Int(bitPattern: view.bytes.baseAddress) - start) % 64 == 0)
            }
        }
    }

    @Test func refusesTooFewBytes() throws {
        try withTemporaryDirectory { (directory: String) throws in
            let tensor = try NewTensor(name: "t", shape: [3], encoding: .f32)
            let error = #expect(throws: ADPOError.self) {
                try GGUFWriter().write([tensor], to: directory + "/x") {
                    (_, file) throws(ADPOError) in try file.append([Float(1)])
                }
            }
            #expect(error?.code == .internal)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
        }
    }

    @Test func refusesATensorOfBrokenBlocks() {
        let error = #expect(throws: ADPOError.self) {
            try NewTensor(name: "t", shape: [33], encoding: .q8_0)
        }
        #expect(error?.code == .internal)
    }

    private func keys(_ metadata: GGUFMetadata) -> [String] { metadata.pairs.map(\.key) }

    private func encoded(_ key: String, _ metadata: GGUFMetadata) -> [UInt8]? {
        metadata.pairs.first { $0.key == key }.map { Array($0.bytes) }
    }

    private func copyTensors(
        _ names: [String], of source: String, to path: String, _ writer: GGUFWriter
    ) throws {
        let tensors = try GGUFFile(path: source).tensors
        let views = try names.map { try #require(try tensors.tensor($0)) }
        let descriptions = try views.map {
            try NewTensor(name: $0.name, shape: $0.shape, encoding: $0.encoding)
        }
        var rest = views[...]
        try writer.write(descriptions, to: path) { (_, file) throws(ADPOError) in
            if let view = rest.popFirst() { try file.append(view.bytes) }
        }
    }
}
