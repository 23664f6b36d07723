import ADPOBase
import ADPOTensor
import FoundationEssentials
import TestSupport
import Testing

/// Files of the safetensors package (Golden/make_files.py), and damaged ones.
struct SafetensorsTests {
    @Test func readsEveryDtype() throws {
        let tensors = try SafetensorsFile(path: Fixture.path("Fixtures/files/tiny.safetensors"))
            .tensors
        let names = ["single", "half", "brain", "scalar", "empty", "ids"]
        #expect(tensors.names.sorted() == names.sorted())
        let single = try #require(try tensors.tensor("single"))
        #expect(single.shape == [2, 3])
        #expect(single.floats == [0, 0.25, 0.5, 0.75, 1, 1.25])
        #expect(try tensors.tensor("half")?.floats == [0, 0.25, 0.5])
        #expect(try tensors.tensor("brain")?.floats == [0, 0.25, 0.5])
        #expect(try tensors.tensor("brain")?.encoding.name == "BF16")
        #expect(try tensors.tensor("brain")?.shape == [3, 1])
        #expect(try tensors.tensor("scalar")?.floats == [1.5])
        #expect(try tensors.tensor("scalar")?.shape == [])
        #expect(try tensors.tensor("empty")?.floats == [])
        #expect(try tensors.tensor("missing") == nil)
    }

    @Test func refusesAnUnknownDtypeOnlyWhenAsked() throws {
        let tensors = try SafetensorsFile(path: Fixture.path("Fixtures/files/tiny.safetensors"))
            .tensors
        let error = #expect(throws: ADPOError.self) { try tensors.tensor("ids") }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("\"ids\" is stored as I64") == true)
    }

    @Test func theViewKeepsTheMappingAlive() throws {
        let view = try SafetensorsFile(path: Fixture.path("Fixtures/files/tiny.safetensors"))
            .tensors.tensor("single")
        #expect(view?.floats.last == 1.25)
    }

    @Test func aShorterFileIsRefused() throws {
        let whole = try Fixture.bytes("Fixtures/files/tiny.safetensors")
        for length in 0..<whole.count {
            let error = try failure(opening: Array(whole.prefix(length)))
            #expect(error?.code == .format, "\(length) bytes")
        }
    }

    /// Anything may come out but a trap.
    @Test func anyByteMayBeWrong() throws {
        let whole = try Fixture.bytes("Fixtures/files/tiny.safetensors")
        try withTemporaryDirectory { directory in
            for position in whole.indices {
                for value: UInt8 in [0, 0x22, 0x2D, 0x39, 0x7F, 0xFF] {
                    var bytes = whole
                    bytes[position] = value
                    let path = directory + "/damaged.safetensors"
                    try Data(bytes).write(to: URL(filePath: path))
                    guard let tensors = try? SafetensorsFile(path: path).tensors else { continue }
                    for name in tensors.names { _ = try? tensors.tensor(name)?.floats }
                }
            }
        }
    }

    @Test(arguments: [
        ("[]", "no JSON object"),
        ("{", "not valid JSON"),
        (#"{"a": 1}"#, "lacks its dtype"),
        (#"{"a": {"dtype": "F32", "shape": [1]}}"#, "lacks its dtype"),
        (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0]}}"#, "lacks its dtype"),
        (#"{"a": {"dtype": "F32", "shape": ["1"], "data_offsets": [0, 4]}}"#, "lacks its dtype"),
        (#"{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}"#, "shape [-1]"),
        (#"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}"#, "takes 8"),
        (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}"#, "takes 4"),
        (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}"#, "4..<0"),
        (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}"#, "-4..<0"),
        (#"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]}}"#, "8..<12"),
        (#"{"a": {"dtype": "I64", "shape": [9], "data_offsets": [0, 72]}}"#, "0..<72"),
        (
            #"{"a": {"dtype": "F32", "shape": [4611686018427387904, 4], "data_offsets": [0, 0]}}"#,
            "too large"
        ),
        (
            #"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 9223372036854775807]}}"#,
            "truncated"
        ),
        (
            #"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "#
                + #""a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}"#, "occurs twice"
        ),
        (
            #"{"a": {"dtype": "F32", "shape": [1], "data_offsets": [3, 7]}, "#
                + #""b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}"#,
            "\"b\" and \"a\" overlap"
        ),
    ])
    func refuses(_ header: String, _ reason: String) throws {
        let error = try failure(
            opening: file(header: header, data: [UInt8](repeating: 0, count: 8)))
        #expect(error?.code == .format)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "no error")")
    }

    @Test func refusesHeadersThatAreTooLongOrTooDeep() throws {
        for length in [100_000_001, UInt64.max] {
            let error = try failure(opening: withUnsafeBytes(of: length, Array.init))
            #expect(error?.message.contains("announces a header of \(length) bytes") == true)
        }
        let deep = try failure(
            opening: file(header: String(repeating: "{\"a\":", count: 50_000), data: []))
        #expect(deep?.message.contains("too deeply") == true)
    }

    @Test func readsAShardedDirectory() throws {
        let file = try TensorFile.open(path: Fixture.path("Fixtures/files/sharded"))
        #expect(file.names == ["a", "b", "c"])
        #expect(try file.tensor("a")?.floats == [0, 0.25, 0.5, 0.75, 1, 1.25])
        #expect(try file.tensor("b")?.floats == [0, 0.25])
        #expect(try file.tensor("c")?.floats == [1, 1.25, 1.5, 1.75])
    }

    @Test(arguments: [
        (#"{}"#, ADPOError.Code.format, "no \"weight_map\""),
        (#"{"weight_map": {"a": 1}}"#, .format, "names no file"),
        (#"{"weight_map": {"a": "../secret.safetensors"}}"#, .format, "outside of the directory"),
        (#"{"weight_map": {"a": "/etc/passwd"}}"#, .format, "outside of the directory"),
        (#"{"weight_map": {"a": "b/c.safetensors"}}"#, .format, "outside of the directory"),
        (#"{"weight_map": {"a": ".."}}"#, .io, "not a regular file"),
        (#"{"weight_map": {"a": "missing.safetensors"}}"#, .notFound, "missing.safetensors"),
        (#"{"weight_map": {"z": "one.safetensors"}}"#, .format, "no file holds it"),
        (
            #"{"weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}"#, .format,
            "occurs twice"
        ),
    ])
    func refusesAnIndex(_ index: String, _ code: ADPOError.Code, _ reason: String) throws {
        let shard = try Fixture.bytes("Fixtures/files/single/model.safetensors")
        let error = try withTemporaryDirectory { directory in
            try AtomicFile.write(Array("{}".utf8), to: directory + "/config.json")
            try AtomicFile.write(shard, to: directory + "/one.safetensors")
            try AtomicFile.write(shard, to: directory + "/two.safetensors")
            try AtomicFile.write(
                Array(index.utf8), to: directory + "/model.safetensors.index.json")
            return #expect(throws: ADPOError.self) { try TensorFile.open(path: directory) }
        }
        #expect(error?.code == code)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "no error")")
    }

    private func file(header: String, data: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init)
            + Array(header.utf8) + data
    }

    private func failure(opening bytes: [UInt8]) throws -> ADPOError? {
        try withTemporaryDirectory { directory in
            let path = directory + "/x.safetensors"
            try AtomicFile.write(bytes, to: path)
            return #expect(throws: ADPOError.self) { try SafetensorsFile(path: path) }
        }
    }
}
