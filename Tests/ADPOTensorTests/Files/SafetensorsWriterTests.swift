import ADPOBase
import ADPOTensor
import FoundationEssentials
import TestSupport
import Testing

struct SafetensorsWriterTests {
    /// The same bytes as the safetensors package writes (Golden/make_files.py).
    @Test func writesWhatSafetensorsWrites() throws {
        let golden = try Fixture.bytes("Fixtures/files/written.safetensors")
        let written = try withTemporaryDirectory { directory in
            let path = directory + "/x.safetensors"
            try write([("a", [2, 3]), ("b\"\\\n\u{E9}", [2])], last: ("c", 1.5), to: path)
            return try readBytes(path)
        }
        #expect(written == golden)
    }

    @Test func readsBackWhatItWrites() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/x.safetensors"
            try write(
                [("z", [3, 1, 2]), ("empty", [0, 7]), ("a", [5])], last: ("s", -2), to: path)
            let tensors = try SafetensorsFile(path: path).tensors
            #expect(tensors.names == ["z", "empty", "a", "s"])
            #expect(try tensors.tensor("z")?.shape == [3, 1, 2])
            #expect(try tensors.tensor("z")?.floats == [0, 0.25, 0.5, 0.75, 1, 1.25])
            #expect(try tensors.tensor("empty")?.shape == [0, 7])
            #expect(try tensors.tensor("a")?.floats == [0, 0.25, 0.5, 0.75, 1])
            #expect(try tensors.tensor("s")?.floats == [-2])
            #expect(try tensors.tensor("s").map { Int(bitPattern: $0.bytes.baseAddress) % 4 } == 0)
        }
    }

    @Test func refusesAShapeThatDoesNotFit() throws {
        try withTemporaryDirectory { (directory: String) throws in
            let error = #expect(throws: ADPOError.self) {
                let values = [Float](repeating: 0, count: 5)
                try SafetensorsWriter.write(
                    [.init(name: "t", shape: [2, 3], values: values)], to: directory + "/x")
            }
            #expect(error?.code == .internal)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
        }
    }

    /// Tensors of 0, 1/4, 2/4 ..., and a scalar.
    private func write(
        _ tensors: [(name: String, shape: [Int])], last: (name: String, value: Float),
        to path: String
    ) throws {
        let counting = tensors.map { tensor in
            SafetensorsWriter.Tensor(
                name: tensor.name, shape: tensor.shape,
                values: (0..<tensor.shape.reduce(1, *)).map { Float($0) / 4 })
        }
        let scalar = SafetensorsWriter.Tensor(name: last.name, shape: [], values: [last.value])
        try SafetensorsWriter.write(counting + [scalar], to: path)
    }
}
