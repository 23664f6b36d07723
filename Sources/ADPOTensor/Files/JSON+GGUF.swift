import ADPOBase

/// GGUF metadata as JSON. Strings that are no UTF-8 are repaired with U+FFFD.
extension JSON {
    /// All pairs, in the order of the file.
    package init(_ metadata: GGUFMetadata) {
        self = .object(metadata.pairs.map { ($0.key, metadata[$0.key].map(JSON.init) ?? .null) })
    }

    package init(_ value: GGUFValue) {
        switch value {
        case .integer(let value): self = .integer(value)
        case .double(let value): self = .double(value)
        case .bool(let value): self = .bool(value)
        case .string(let bytes): self = .string(String(decoding: bytes, as: UTF8.self))
        // Arrays nest no deeper than the file's reader allows.
        case .array(let array): self = .array(array.elements(JSON.init) ?? [])
        }
    }
}
