/// The classes that the regular expressions of pre-tokenizers tell apart: \p{L}, \p{N}, \s and the rest.
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
