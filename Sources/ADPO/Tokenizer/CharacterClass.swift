/// What the regular expressions of pre-tokenizers tell apart: \p{L}, \p{N}, \s and the rest.
enum CharacterClass {
    case letter
    case number
    case space
    case other

    /// The tables of the `tokenizers` package, whose ids ours must equal, are of this version:
    /// later characters are `other` there. White space has not changed since.
    static let unicodeVersion = 16

    init(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x61...0x7A, 0x41...0x5A: self = .letter
        case 0x20, 0x09...0x0D: self = .space
        case 0x30...0x39: self = .number
        case 0..<0x80: self = .other
        case 0x4E00...0x9FFF, 0xAC00...0xD7A3: self = .letter  // han, hangul
        default: self = Self.lookUp(scalar.properties)
        }
    }

    private static func lookUp(_ properties: Unicode.Scalar.Properties) -> CharacterClass {
        guard let age = properties.age, age.major <= unicodeVersion else { return .other }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return properties.isWhitespace ? .space : .other
        }
    }
}

extension Unicode.Scalar {
    /// Whether the `Digits` pre-tokenizer splits it off: \p{N} of the current Unicode version.
    var isNumeric: Bool {
        if isASCII { return (0x30...0x39).contains(value) }
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }

    /// \w of Unicode's UTS 18: what touches an added token that wants to be a word of its own.
    var isWordCharacter: Bool {
        guard let age = properties.age, age.major <= CharacterClass.unicodeVersion else {
            return false
        }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return properties.isAlphabetic || properties.isJoinControl
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The scalar that begins at an index of well-formed UTF-8, and the index behind it.
    func scalar(at index: Int) -> (scalar: Unicode.Scalar, end: Int) {
        let first = UInt32(self[index])
        let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        let end = Swift.min(index + length, count)
        var value = length == 1 ? first : first & (0x7F >> UInt32(length))
        for byte in self[index + 1..<end] { value = value << 6 | UInt32(byte & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", end)
    }

    /// The scalar that ends before an index of well-formed UTF-8, and where it begins.
    func scalar(before index: Int) -> (scalar: Unicode.Scalar, start: Int) {
        var start = index - 1
        while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
        return (scalar(at: start).scalar, start)
    }
}
