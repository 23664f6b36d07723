extension Unicode.Scalar {
    /// Whether the `Digits` pre-tokenizer splits it off: \p{N} of the current Unicode version.
    var isNumeric: Bool {
        if isASCII { return (0x30...0x39).contains(value) }
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return true
        default: return false
        }
    }

    /// \w of Unicode's UTS 18 in version 16, as the `tokenizers` package has it for what touches an
    /// added token that wants to be a word of its own. In its other patterns \w knows no joiners.
    var isWordCharacter: Bool {
        guard let age = properties.age, age.major <= 16 else { return false }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            return true
        default: return properties.isAlphabetic || properties.isJoinControl
        }
    }
}
