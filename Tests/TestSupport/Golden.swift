import ADPOBase

/// A golden of Tests/Golden.
package func golden(_ name: String) throws(ADPOError) -> JSON {
    try JSON(path: Fixture.path("Golden/\(name)"))
}

extension JSON {
    /// The numbers of an array, null as NaN; empty for anything else.
    package var floats: [Float] { array?.map { Float($0.double ?? .nan) } ?? [] }
    package var ids: [Int32] { array?.map { Int32($0.integer ?? -1) } ?? [] }
}
