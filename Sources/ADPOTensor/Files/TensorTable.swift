import ADPOBase

/// A tensor whose type is none of `Encoding.all`.
package struct OtherTensor: Sendable {
    let name: String
    /// Its name, for messages as well.
    let type: String
    let shape: [Int]
    /// Empty where the type does not tell how many they are.
    nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    let file: MappedFile
}

/// The tensors of one or more files, by name.
package struct TensorTable: Sendable {
    enum Entry {
        case view(TensorView)
        case other(OtherTensor)

        var bytes: UnsafeRawBufferPointer {
            switch self {
            case .view(let view): view.bytes
            case .other(let tensor): tensor.bytes
            }
        }
    }

    /// In the order of the files.
    package private(set) var names: [String] = []
    private var entries: [String: Entry] = [:]

    package init() {}

    /// The tensor of this name, nil when there is none. Throws `unsupported` when its encoding is
    /// none that can be decoded: only then, so that an odd tensor that nobody needs does no harm.
    package func tensor(_ name: String) throws(ADPOError) -> TensorView? {
        switch entries[name] {
        case nil: return nil
        case .view(let view): return view
        case .other(let tensor):
            let known = Encoding.all.map(\.name).joined(separator: ", ")
            throw ADPOError(
                .unsupported,
                """
                \(tensor.file.path): tensor "\(name)" is stored as \(tensor.type), which is not \
                supported (\(known) are)
                """)
        }
    }

    package func contains(_ name: String) -> Bool { entries[name] != nil }

    subscript(name: String) -> Entry? { entries[name] }

    mutating func add(_ name: String, _ entry: Entry, path: String) throws(ADPOError) {
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
        let ranges = entries.compactMap { name, entry -> (name: String, bytes: Range<UInt>)? in
            guard entry.bytes.count > 0 else { return nil }
            let start = UInt(bitPattern: entry.bytes.baseAddress)
            return (name, start..<start + UInt(entry.bytes.count))
        }.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
        for (first, second) in zip(ranges, ranges.dropFirst())
        where first.bytes.overlaps(second.bytes) {
            throw ADPOError(
                .format,
                "\(path): the tensors \"\(first.name)\" and \"\(second.name)\" overlap: the "
                    + "file is damaged")
        }
    }
}
