import ADPOBase
import FoundationEssentials

/// Files that the tests read, below Tests/.
public enum Fixture {
    /// The absolute path of Tests/`path`.
    public static func path(_ path: String) -> String {
        let here = URL(filePath: #filePath).deletingLastPathComponent()
        return here.deletingLastPathComponent().path + "/" + path
    }

    public static func bytes(_ path: String) throws -> [UInt8] {
        try readBytes(self.path(path))
    }

    /// A file of little-endian f32.
    public static func floats(_ path: String) throws -> [Float] {
        try bytes(path).withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map {
                Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
            }
        }
    }
}

/// A file's content.
public func readBytes(_ path: String) throws -> [UInt8] {
    let file = try MappedFile(path: path)
    defer { withExtendedLifetime(file) {} }
    return Array(file.bytes)
}

/// Runs `body` with the path of a new folder, and removes it afterwards.
public func withTemporaryDirectory<T>(_ body: (String) throws -> T) throws -> T {
    let directory = FileManager.default.temporaryDirectory
        .appending(path: "adpo-tests-\(UInt64.random(in: 0 ... .max))").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try body(directory)
}
