import ADPOBase
import ADPOTensor

/// A value in a model's configuration, whichever file it comes from.
package protocol ConfigurationValue {
    var integer: Int? { get }
    var double: Double? { get }
    var string: String? { get }
    var bool: Bool? { get }
}

extension ConfigurationValue {
    /// nil for what 32-bit floats take for zero or infinity, too.
    var positiveNumber: Double? {
        double.flatMap { Float($0) > 0 && Float($0).isFinite ? $0 : nil }
    }
}

extension JSON: ConfigurationValue {}
extension GGUFValue: ConfigurationValue {}

/// The name of a value in both kinds of files.
package struct ConfigurationKey: Sendable {
    package let huggingFace: String
    /// Behind the architecture's name and a dot.
    package let gguf: String

    package init(_ huggingFace: String, _ gguf: String) {
        self.huggingFace = huggingFace
        self.gguf = gguf
    }
}

/// A model's configuration by keys, with errors that name file and key.
package struct Configuration {
    /// The file, for messages.
    package let source: String
    private let kind: FileKind
    private let lookUp: (String) -> (any ConfigurationValue)?

    /// An object of a config.json; null counts as absent.
    package init(_ json: JSON, source: String) {
        self.source = source
        kind = .huggingFace
        lookUp = { key in json[key].flatMap { $0.isNull ? nil : $0 } }
    }

    /// The keys of GGUF metadata that begin with `prefix`.
    package init(_ metadata: GGUFMetadata, prefix: String, source: String) {
        self.source = source
        kind = .gguf
        lookUp = { metadata["\(prefix).\($0)"] }
    }

    package func contains(_ key: String) -> Bool { lookUp(key) != nil }

    package func string(_ key: String) -> String? { lookUp(key)?.string }

    package func bool(_ key: String, default fallback: Bool) throws(ADPOError) -> Bool {
        guard let value = lookUp(key) else { return fallback }
        guard let bool = value.bool else { throw malformed(key, "true or false") }
        return bool
    }

    /// A count; without a fallback the key is required.
    package func integer(_ key: String, default fallback: Int? = nil) throws(ADPOError) -> Int {
        guard let value = lookUp(key) else { return try required(key, fallback) }
        guard let integer = value.integer, integer >= 0 else {
            throw malformed(key, "a whole number")
        }
        return integer
    }

    /// A positive number that 32-bit floats can hold; without a fallback the key is required.
    package func number(_ key: String, default fallback: Double? = nil) throws(ADPOError) -> Double
    {
        guard let value = lookUp(key) else { return try required(key, fallback) }
        guard let number = value.positiveNumber else {
            throw malformed(key, "a positive number in the range of 32-bit floats")
        }
        return number
    }

    package func integer(
        _ key: ConfigurationKey, default fallback: Int? = nil
    ) throws(ADPOError) -> Int {
        try integer(name(key), default: fallback)
    }

    package func number(
        _ key: ConfigurationKey, default fallback: Double? = nil
    ) throws(ADPOError) -> Double {
        try number(name(key), default: fallback)
    }

    private func name(_ key: ConfigurationKey) -> String {
        switch kind {
        case .huggingFace: key.huggingFace
        case .gguf: key.gguf
        }
    }

    private func required<Value>(_ key: String, _ fallback: Value?) throws(ADPOError) -> Value {
        guard let fallback else { throw ADPOError(.format, "\(source): \"\(key)\" is missing") }
        return fallback
    }

    private func malformed(_ key: String, _ expected: String) -> ADPOError {
        ADPOError(.format, "\(source): \"\(key)\" is not \(expected)")
    }
}
