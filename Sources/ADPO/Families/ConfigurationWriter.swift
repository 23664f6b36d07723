import ADPOBase
import ADPOTensor

/// Collects what a file says of an architecture: the members of a config.json, or GGUF metadata.
package struct ConfigurationWriter {
    package enum Value {
        case integer(Int)
        case number(Double)
        case bool(Bool)
        case text(String)
    }

    package let kind: FileKind
    /// For messages.
    package let source: String
    package private(set) var members: [(key: String, value: JSON)] = []
    package private(set) var metadata = GGUFWriter()
    /// `general.architecture`, with which the keys of GGUF metadata begin.
    private let prefix: String

    package init(_ kind: FileKind, prefix: String, source: String) {
        self.kind = kind
        self.prefix = prefix
        self.source = source
    }

    package mutating func set(_ key: ConfigurationKey, _ value: Value) {
        switch kind {
        case .huggingFace: setHuggingFace(key.huggingFace, value.json)
        case .gguf: setGGUF(key.gguf, value)
        }
    }

    /// Sets a member of a config.json; nothing where the file is another.
    package mutating func setHuggingFace(_ key: String, _ value: JSON) {
        if kind == .huggingFace { members.append((key, value)) }
    }

    /// Sets a key of GGUF metadata; nothing where the file is another.
    package mutating func setGGUF(_ key: String, _ value: Value) {
        if kind == .gguf { metadata.set("\(prefix).\(key)", value.gguf) }
    }
}

extension ConfigurationWriter.Value {
    fileprivate var json: JSON {
        switch self {
        case .integer(let value): .integer(value)
        case .number(let value): .shortest(Float(value))
        case .bool(let value): .bool(value)
        case .text(let value): .string(value)
        }
    }

    fileprivate var gguf: GGUFNewValue {
        switch self {
        case .integer(let value): .count(value)
        case .number(let value): .float32(Float(value))
        case .bool(let value): .bool(value)
        case .text(let value): .text(value)
        }
    }
}

extension JSON {
    /// 1e-05 rather than 9.999999747378752e-06: GGUF files hold numbers in 32 bits.
    package static func shortest(_ value: Float) -> JSON {
        .double(Double("\(value)") ?? Double(value))
    }
}
