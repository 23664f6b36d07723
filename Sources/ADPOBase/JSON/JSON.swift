/// A JSON value (RFC 8259), as model files use it.
///
/// Why not `JSONDecoder`: it keys its objects by `String`, whose equality is canonical equivalence,
/// so two tokens of a vocabulary that differ only in Unicode normalization become one. Here an
/// object is its members in their order, compared by bytes.
package enum JSON: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case double(Double)
    case string(String)
    case array([JSON])
    case object([(key: String, value: JSON)])

    /// Nesting beyond this is refused; model files stay below 20.
    package static let maximumDepth = 256

    /// Parses one document. `source` names it in errors.
    package init(_ bytes: UnsafeRawBufferPointer, source: String) throws(ADPOError) {
        var parser = JSONParser(bytes: bytes, source: source)
        self = try parser.document()
    }

    package init(_ text: String, source: String) throws(ADPOError) {
        self = try Array(text.utf8).withUnsafeBufferPointer { (bytes) throws(ADPOError) in
            try JSON(UnsafeRawBufferPointer(bytes), source: source)
        }
    }

    /// Parses a file.
    package init(path: String) throws(ADPOError) {
        let file = try MappedFile(path: path)
        defer { withExtendedLifetime(file) {} }
        self = try JSON(file.bytes, source: path)
    }

    /// The value of the first member with this key; nil for other keys and other kinds of values.
    package subscript(key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// A whole number; 3.0 counts as one.
    package var integer: Int? {
        switch self {
        case .integer(let value): value
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }

    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    package var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var members: [(key: String, value: JSON)]? {
        if case .object(let value) = self { value } else { nil }
    }

    package var isNull: Bool {
        if case .null = self { true } else { false }
    }
}

/// A recursive-descent parser with a depth limit.
private struct JSONParser {
    let bytes: UnsafeRawBufferPointer
    let source: String
    var position = 0
    var depth = 0

    mutating func document() throws(ADPOError) -> JSON {
        let value = try value()
        skipWhitespace()
        guard position == bytes.count else { throw failure("unexpected text after the value") }
        return value
    }

    private func failure(_ reason: String) -> ADPOError {
        ADPOError(.format, "\(source) is not valid JSON: \(reason) at byte \(position)")
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipWhitespace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func value() throws(ADPOError) -> JSON {
        skipWhitespace()
        switch current {
        case UInt8(ascii: "{"): return try nested { (self) throws(ADPOError) in try self.object() }
        case UInt8(ascii: "["): return try nested { (self) throws(ADPOError) in try self.array() }
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case .some: return try number()
        case nil: throw failure("the text ends too early")
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(ADPOError) -> JSON
    ) throws(ADPOError) -> JSON {
        guard depth < JSON.maximumDepth else { throw failure("nested too deeply") }
        depth += 1
        defer { depth -= 1 }
        position += 1
        return try body(&self)
    }

    private mutating func object() throws(ADPOError) -> JSON {
        var members: [(key: String, value: JSON)] = []
        skipWhitespace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipWhitespace()
            guard current == UInt8(ascii: "\"") else { throw failure("a key is missing") }
            let key = try string()
            skipWhitespace()
            guard take(UInt8(ascii: ":")) else { throw failure("':' is missing") }
            members.append((key, try value()))
            skipWhitespace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw failure("',' or '}' is missing") }
        }
    }

    private mutating func array() throws(ADPOError) -> JSON {
        var elements: [JSON] = []
        skipWhitespace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            elements.append(try value())
            skipWhitespace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw failure("',' or ']' is missing") }
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(ADPOError) -> JSON {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count,
            bytes[position..<end].elementsEqual(
                UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
        else { throw failure("an unknown word") }
        position = end
        return value
    }

    private mutating func number() throws(ADPOError) -> JSON {
        let start = position
        var isInteger = true
        while let byte = current {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): break
            case UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
                isInteger = false
            default:
                return try number(start, isInteger)
            }
            position += 1
        }
        return try number(start, isInteger)
    }

    private func number(_ start: Int, _ isInteger: Bool) throws(ADPOError) -> JSON {
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int(text) { return .integer(value) }
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), let value = Double(text)
        else { throw failure("an unexpected character") }
        return .double(value)
    }

    /// A string, from its opening quote. Most hold no escape and are taken whole.
    private mutating func string() throws(ADPOError) -> String {
        position += 1
        let start = position
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
            guard byte >= 0x20 else { throw failure("a control character in a string") }
            position += 1
        }
        if take(UInt8(ascii: "\"")) {
            return String(decoding: bytes[start..<position - 1], as: UTF8.self)
        }
        var text = Array(bytes[start..<position])
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try text.append(contentsOf: Array(Character(escape()).utf8))
            case 0..<0x20: throw failure("a control character in a string")
            default: text.append(byte)
            }
        }
        throw failure("a string does not end")
    }

    /// The character of an escape sequence, from behind its backslash.
    private mutating func escape() throws(ADPOError) -> Unicode.Scalar {
        guard let byte = current else { throw failure("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("an unknown escape")
        }
    }

    /// \uXXXX, or a surrogate pair of two; a lone surrogate becomes U+FFFD.
    private mutating func unicodeEscape() throws(ADPOError) -> Unicode.Scalar {
        let high = try hexadecimal()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let afterHigh = position
        guard high < 0xDC00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
            position = afterHigh
            return "\u{FFFD}"
        }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else {
            position = afterHigh
            return "\u{FFFD}"
        }
        return Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)) ?? "\u{FFFD}"
    }

    private mutating func hexadecimal() throws(ADPOError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw failure("a malformed \\u escape") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
