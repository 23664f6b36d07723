import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Files of the gguf package (Golden/make_files.py).
struct GGUFTests {
    @Test func readsMetadataOfAllTypes() throws {
        let metadata = try GGUFFile(path: Fixture.path("Fixtures/files/tiny.gguf")).metadata
        #expect(metadata["general.architecture"]?.string == "llama")
        #expect(metadata["t.uint8"]?.integer == 200)
        #expect(metadata["t.int8"]?.integer == -100)
        #expect(metadata["t.uint16"]?.integer == 60000)
        #expect(metadata["t.int16"]?.integer == -30000)
        #expect(metadata["t.uint32"]?.integer == 4_000_000_000)
        #expect(metadata["t.int32"]?.integer == -2_000_000_000)
        #expect(metadata["t.uint64"]?.integer == nil)
        #expect(metadata["t.uint64"]?.double == 0x1p63)
        #expect(metadata["t.int64"]?.integer == .min)
        #expect(metadata["t.float32"]?.double == Double(Float(0.1)))
        #expect(metadata["t.float64"]?.double == 0.1)
        #expect(metadata["t.bool"]?.bool == true)
        #expect(metadata["t.string"]?.string == "café")
        #expect(metadata["t.strings"]?.array?.strings == [[0x61], [], [0xFF, 0xFE]])
        #expect(metadata["t.integers"]?.array?.integers == [1, -2, 3])
        #expect(metadata["t.floats"]?.array?.floats == [0.5, -1.5])
        #expect(metadata["t.bools"]?.array?.bools == [true, false])
        #expect(metadata["t.bytes"]?.array?.integers == [1, 255])
        #expect(metadata["t.bytes"]?.array?.strings == nil)
        #expect(metadata["t.missing"] == nil)
    }

    @Test(arguments: [2, 3])
    func readsTensors(version: UInt8) throws {
        var bytes = try Fixture.bytes("Fixtures/files/tiny.gguf")
        bytes[4] = version
        try withTemporaryDirectory { directory in
            let path = directory + "/x.gguf"
            try AtomicFile.write(bytes, to: path)
            let file = try TensorFile.open(path: path)
            #expect(file.names == ["single", "half", "quantized", "ids"])
            #expect(try file.tensor("single")?.shape == [2, 3])
            #expect(try file.tensor("single")?.floats == [0, 0.25, 0.5, 0.75, 1, 1.25])
            #expect(try file.tensor("half")?.shape == [1, 2, 3])
            #expect(try file.tensor("half")?.floats == [0, 0.25, 0.5, 0.75, 1, 1.25])
            let quantized = try #require(try file.tensor("quantized"))
            #expect(quantized.encoding.name == "Q4_1")
            #expect(quantized.shape == [3, 32])
            // Blocks of 32 quarters: 16 levels over 7.75 are within half a level of each.
            expectClose(
                quantized.floats, (0..<96).map { Float($0) / 4 }, absolute: 7.75 / 30 + 0.01)
            #expect(try file.tensor("missing") == nil)
        }
    }

    @Test func refusesAnUnknownTypeOnlyWhenAsked() throws {
        let file = try TensorFile.open(path: Fixture.path("Fixtures/files/tiny.gguf"))
        let error = #expect(throws: ADPOError.self) { try file.tensor("ids") }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("\"ids\" is stored as I32 (ggml type 26)") == true)
    }

    @Test func opensASplitModel() throws {
        let first = Fixture.path("Fixtures/files/split-00001-of-00003.gguf")
        let file = try TensorFile.open(path: first)
        #expect(file.names == ["a", "b", "c"])
        #expect(try file.tensor("a")?.floats == [0, 0.25, 0.5, 0.75, 1, 1.25])
        #expect(try file.tensor("c")?.floats == [0, 0.25, 0.5, 0.75])

        let second = Fixture.path("Fixtures/files/split-00002-of-00003.gguf")
        let error = #expect(throws: ADPOError.self) { try TensorFile.open(path: second) }
        #expect(error?.message.contains("-00001-of-00003.gguf") == true)
    }

    @Test func refusesAnIncompleteSplitModel() throws {
        let first = try Fixture.bytes("Fixtures/files/split-00001-of-00003.gguf")
        let second = try Fixture.bytes("Fixtures/files/split-00002-of-00003.gguf")
        try withTemporaryDirectory { directory in
            let path = directory + "/x-00001-of-00003.gguf"
            try AtomicFile.write(first, to: path)
            let missing = #expect(throws: ADPOError.self) { try TensorFile.open(path: path) }
            #expect(missing?.code == .notFound)
            #expect(missing?.message.contains("x-00002-of-00003.gguf") == true)

            try AtomicFile.write(second, to: directory + "/x-00002-of-00003.gguf")
            try AtomicFile.write(second, to: directory + "/x-00003-of-00003.gguf")
            let wrong = #expect(throws: ADPOError.self) { try TensorFile.open(path: path) }
            #expect(wrong?.message.contains("is not part 3 of 3") == true)
        }
    }

    /// Parts that contradict each other: a tensor in two of them, and a count that is not theirs.
    @Test func refusesPartsThatDoNotFit() throws {
        let parts = try (1...3).map {
            try Fixture.bytes("Fixtures/files/split-0000\($0)-of-00003.gguf")
        }
        // Its length, 64 bits, and the name of the second part's tensor.
        let name = [1] + [UInt8](repeating: 0, count: 7) + Array("b".utf8)
        let twice = try replacing(name, with: name.dropLast() + Array("a".utf8), in: parts[1])
        let key = Array("split.tensors.count".utf8) + [5, 0, 0, 0]
        let miscounted = try replacing(key + [3], with: key + [4], in: parts[0])
        for (changed, message) in [
            ([parts[0], twice, parts[2]], "x-00002-of-00003.gguf: tensor \"a\" occurs twice"),
            ([miscounted, parts[1], parts[2]], "the parts hold 3 tensors instead of 4"),
        ] {
            try withTemporaryDirectory { directory in
                for (index, bytes) in changed.enumerated() {
                    try AtomicFile.write(bytes, to: "\(directory)/x-0000\(index + 1)-of-00003.gguf")
                }
                let error = #expect(throws: ADPOError.self) {
                    try TensorFile.open(path: directory + "/x-00001-of-00003.gguf")
                }
                #expect(error?.code == .format)
                #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
            }
        }
    }

    private func replacing(
        _ old: [UInt8], with new: [UInt8], in bytes: [UInt8]
    ) throws -> [UInt8] {
        let start = try #require(
            bytes.indices.dropLast(old.count).first { bytes[$0...].starts(with: old) })
        return Array(bytes[..<start] + new + bytes[(start + old.count)...])
    }
}
