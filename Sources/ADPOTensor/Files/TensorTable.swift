/// The tensors of one or more files, by name.
package struct TensorTable: Sendable {
    /// In the order of the files.
    package private(set) var names: [String] = []
    private var entries: [String: Result<TensorView, ADPOError>] = [:]

    package init() {}

    /// The tensor of this name, nil when there is none. Throws `unsupported` when its encoding is
    /// none that can be decoded: only then, so that an odd tensor that nobody needs does no harm.
    package func tensor(_ name: String) throws(ADPOError) -> TensorView? {
        try entries[name]?.get()
    }

    package func contains(_ name: String) -> Bool { entries[name] != nil }

    mutating func add(_ name: String, _ entry: Result<TensorView, ADPOError>, path: String)
        throws(ADPOError)
    {
        guard entries.updateValue(entry, forKey: name) == nil else {
            throw ADPOError(.format, "\(path): tensor \"\(name)\" occurs twice")
        }
        names.append(name)
    }

    mutating func add(_ other: TensorTable, path: String) throws(ADPOError) {
        for name in other.names {
            if let entry = other.entries[name] { try add(name, entry, path: path) }
        }
    }

    static func unsupported(_ name: String, type: String, path: String) -> ADPOError {
        let known = Encoding.all.map(\.name).joined(separator: ", ")
        return ADPOError(
            .unsupported,
            """
            \(path): tensor "\(name)" is stored as \(type), which is not supported (\(known) are)
            """)
    }
}
