import ADPOTensor

/// A golden of Tests/Golden.
package func golden(_ name: String) throws(ADPOError) -> JSON {
    let directory = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let path = "/\(directory)/Golden/\(name)"
    let file = try MappedFile(path: path)
    defer { withExtendedLifetime(file) {} }
    return try JSON(file.bytes, source: path)
}

extension JSON {
    /// The numbers of an array; empty for anything else.
    package var floats: [Float] { array?.map { Float($0.double ?? .nan) } ?? [] }
    package var ids: [Int32] { array?.map { Int32($0.integer ?? -1) } ?? [] }
}
