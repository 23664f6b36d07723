/// The pattern that splits words where their case changes.
extension WordPattern {
    static func casedExpression(_ digits: Int, _ contractions: Bool) -> String {
        let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
        let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
        let prefix = #"[^\r\n\p{L}\p{N}]?"#
        let suffix = contractions ? "(?i:'s|'t|'re|'ve|'m|'ll|'d)?" : ""
        return "\(prefix)\(upper)*\(lower)+\(suffix)|\(prefix)\(upper)+\(lower)*\(suffix)"
            + #"|\p{N}"# + (digits == 1 ? "" : "{1,\(digits)}")
            + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    static func casedEnd(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ digits: Int, _ contractions: Bool
    ) -> Int {
        let first = text.scalar(at: start)
        let kind = CharacterClass(first.scalar)
        let isPrefix =
            kind != .letter && kind != .number && first.scalar != "\r" && first.scalar != "\n"
        // A mark can be the prefix, or begin the word.
        let starts = isPrefix ? [first.end, start] : [start]
        let end =
            starts.lazy.compactMap { lowerEnd(text, $0) }.first
            ?? starts.lazy.compactMap { upperEnd(text, $0) }.first
        if let end {
            guard contractions, end < text.count else { return end }
            return contractionEnd(text, end, anyCase: true) ?? end
        }
        if kind == .number { return runEnd(text, first.end, of: .number, atMost: digits - 1) }
        return restEnd(text, start, slashes: true)
    }

    /// The end of the first class, repeated or not there, and the second, at least once.
    private static func lowerEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
        var end = start
        // Behind the last character that is of both classes: the second takes it back.
        var lastOfBoth: Int?
        while end < text.count {
            let next = text.scalar(at: end)
            let letterCase = LetterCase(next.scalar)
            if letterCase == .lower {
                end = next.end
                while end < text.count {
                    let next = text.scalar(at: end)
                    guard let letterCase = LetterCase(next.scalar), letterCase != .upper else {
                        break
                    }
                    end = next.end
                }
                return end
            }
            guard let letterCase else { break }
            end = next.end
            if letterCase == .both { lastOfBoth = end }
        }
        return lastOfBoth
    }

    /// The end of the first class, where nothing of the second follows.
    private static func upperEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
        var end = start
        while end < text.count {
            let next = text.scalar(at: end)
            guard LetterCase(next.scalar) == .upper else { break }
            end = next.end
        }
        return end > start ? end : nil
    }
}

/// The classes of the pattern: upper is \p{Lu} and \p{Lt}, lower \p{Ll}; \p{Lm}, \p{Lo} and \p{M} are
/// both.
private enum LetterCase {
    case upper
    case lower
    case both

    init?(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x61...0x7A: self = .lower
        case 0x41...0x5A: self = .upper
        case 0..<0x80: return nil
        default:
            let properties = scalar.properties
            guard let age = properties.age, age.major <= CharacterClass.unicodeVersion else {
                return nil
            }
            switch properties.generalCategory {
            case .uppercaseLetter, .titlecaseLetter: self = .upper
            case .lowercaseLetter: self = .lower
            case .modifierLetter, .otherLetter, .nonspacingMark, .spacingMark, .enclosingMark:
                self = .both
            default: return nil
            }
        }
    }
}
