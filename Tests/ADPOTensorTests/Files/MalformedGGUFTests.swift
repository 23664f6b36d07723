import ADPOBase
import ADPOTensor
import FoundationEssentials
import TestSupport
import Testing

/// Damaged, hostile and foreign files: an error that says what is wrong, never a trap.
struct MalformedGGUFTests {
    @Test func aShorterFileIsRefused() throws {
        // The last tensor that can be decoded ends at byte 1020; the file's bytes behind it are
        // those of a tensor whose size is unknown.
        let whole = try Fixture.bytes("Fixtures/files/tiny.gguf")
        try withTemporaryDirectory { directory in
            let path = directory + "/x.gguf"
            for length in 0..<whole.count {
                try Data(whole.prefix(length)).write(to: URL(filePath: path))
                guard length < 1020 else {
                    _ = try? GGUFFile(path: path)
                    continue
                }
                let error = #expect(throws: ADPOError.self) { try GGUFFile(path: path) }
                #expect(error?.code == .format, "\(length) bytes")
            }
        }
    }

    /// Anything may come out but a trap.
    @Test func anyByteMayBeWrong() throws {
        let whole = try Fixture.bytes("Fixtures/files/tiny.gguf")
        try withTemporaryDirectory { directory in
            let path = directory + "/x.gguf"
            for position in whole.indices {
                for value: UInt8 in [0, 1, 9, 0x7F, 0x80, 0xFF] {
                    var bytes = whole
                    bytes[position] = value
                    try Data(bytes).write(to: URL(filePath: path))
                    guard let file = try? GGUFFile(path: path) else { continue }
                    for name in file.tensors.names { _ = try? file.tensors.tensor(name)?.floats }
                    for value in file.metadata.values.values {
                        _ = (value.array?.strings, value.array?.integers, value.array?.floats)
                    }
                }
            }
        }
    }

    /// A file and what the message says of it.
    struct Fault: Sendable {
        let bytes: [UInt8]
        let reason: String

        init(_ reason: String, tensors: UInt64 = 0, pairs: UInt64 = 0, _ parts: [UInt8]...) {
            bytes = header(tensors: tensors, pairs: pairs) + parts.joined()
            self.reason = reason
        }
    }

    static let faults: [Fault] = [
        Fault("counts 18446744073709551615", tensors: .max),
        Fault("counts 1099511627776", pairs: 1 << 40),
        Fault("counts 18446744073709551615", pairs: 1, number(UInt64.max), number(UInt64(0))),
        Fault("unknown type 13", pairs: 1, string("k"), type(13)),
        Fault("unknown type 14", pairs: 1, string("k"), type(9), type(14), number(UInt64(0))),
        Fault(
            "counts 9223372036854775808", pairs: 1, string("k"), type(8), number(UInt64(1) << 63)),
        Fault(
            "counts 2305843009213693952", pairs: 1, string("k"), type(9), type(4),
            number(UInt64(1) << 61)),
        Fault(
            "counts 1000", pairs: 1, string("k"), type(9), type(8), number(UInt64(2)), string("s"),
            number(UInt64(1000))),
        Fault(
            "too deeply", pairs: 1, string("k"), type(9), type(9), number(UInt64(1)), type(9),
            number(UInt64(1)), type(9), number(UInt64(1)), type(9), number(UInt64(1)), type(9),
            number(UInt64(1))),
        Fault(
            "\"k\" occurs twice", pairs: 2, string("k"), type(0), [1], string("k"), type(0), [1]),
        Fault("the alignment 0", pairs: 1, string("general.alignment"), type(4), number(UInt32(0))),
        Fault(
            "the alignment 48", pairs: 1, string("general.alignment"), type(4), number(UInt32(48))),
        // An export would fill the disk with zeros.
        Fault(
            "the alignment 131072", pairs: 1, string("general.alignment"), type(4),
            number(UInt32(1 << 17))),
        Fault(
            "the alignment -9223372036854775808", pairs: 1, string("general.alignment"), type(11),
            number(Int64.min)),
        Fault("5 dimensions", tensors: 1, tensor("t", [1, 1, 1, 1, 1])),
        Fault("too large", tensors: 1, tensor("t", [1 << 62, 1 << 62])),
        Fault("too large", tensors: 1, tensor("t", [.max])),
        Fault("too large", tensors: 1, tensor("t", [0, .max, .max])),
        Fault("no whole number of Q4_1 blocks", tensors: 1, tensor("t", [33], type: 3)),
        Fault("truncated", tensors: 1, tensor("t", [32])),
        Fault("truncated", tensors: 1, tensor("t", [1], offset: .max)),
        Fault("truncated", tensors: 1, tensor("t", [1], offset: 1 << 62)),
        Fault("\"t\" occurs twice", tensors: 2, tensor("t", [1]), tensor("t", [1])),
        Fault("overlap", tensors: 2, tensor("t", [1]), tensor("u", [1])),
    ]

    @Test(arguments: faults)
    func refuses(_ fault: Fault) throws {
        // Zeros behind, so that only the fault in question is left.
        let error = try failure(opening: fault.bytes + [UInt8](repeating: 0, count: 96))
        #expect(error.code == .format)
        #expect(error.message.contains(fault.reason), "\(error.message)")
    }

    @Test func refusesForeignFiles() throws {
        #expect(try failure(opening: []).message.contains("is not a GGUF file"))
        let safetensors = try Fixture.bytes("Fixtures/files/tiny.safetensors")
        #expect(try failure(opening: safetensors).message.contains("is not a GGUF file"))
        #expect(try failure(opening: safetensors).code == .format)
        #expect(try failure(opening: header(version: 1)).message.contains("of version 1"))
        #expect(try failure(opening: header(version: 4)).message.contains("of version 4"))
        #expect(try failure(opening: header(version: 3 << 24)).message.contains("big-endian"))
        #expect(try failure(opening: header(version: 1)).code == .unsupported)
    }

    private func failure(opening bytes: [UInt8]) throws -> ADPOError {
        try withTemporaryDirectory { directory in
            let path = directory + "/x.gguf"
            try AtomicFile.write(bytes, to: path)
            return try #require(throws: ADPOError.self) { try TensorFile.open(path: path) }
        }
    }
}

// Parts of GGUF files.

private func number<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
}

private func string(_ text: String) -> [UInt8] {
    number(UInt64(text.utf8.count)) + Array(text.utf8)
}

private func header(version: UInt32 = 3, tensors: UInt64 = 0, pairs: UInt64 = 0) -> [UInt8] {
    Array("GGUF".utf8) + number(version) + number(tensors) + number(pairs)
}

private func tensor(_ name: String, _ dimensions: [UInt64], type: UInt32 = 0, offset: UInt64 = 0)
    -> [UInt8]
{
    string(name) + number(UInt32(dimensions.count)) + dimensions.flatMap { number($0) }
        + number(type) + number(offset)
}

/// The number of a metadata type.
private func type(_ type: UInt32) -> [UInt8] { number(type) }
