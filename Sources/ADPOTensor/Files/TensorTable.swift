import ADPOBase

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

    /// Refuses tensors of one file that share bytes, as other readers do: a small file could pretend
    /// to hold any number of large ones.
    func checkThatNoneOverlap(path: String) throws(ADPOError) {
        let ranges = entries.values.compactMap { entry -> (name: String, bytes: Range<UInt>)? in
            guard let view = try? entry.get(), view.bytes.count > 0 else { return nil }
            let start = UInt(bitPattern: view.bytes.baseAddress)
            return (view.name, start..<start + UInt(view.bytes.count))
        }.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
        for (first, second) in zip(ranges, ranges.dropFirst())
        where first.bytes.overlaps(second.bytes) {
            throw ADPOError(
                .format,
                "\(path): the tensors \"\(first.name)\" and \"\(second.name)\" overlap: the "
                    + "file is damaged")
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
