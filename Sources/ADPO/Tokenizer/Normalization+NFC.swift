extension Normalization {
    /// The normalized form of a well-formed text; nil when that is the text itself.
    func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        switch self {
        case .none: nil
        case .nfc: Self.composed(text)
        }
    }

    /// The tables of the `tokenizers` package, whose ids ours must equal, are of Unicode 9: later
    /// characters neither move nor combine there, and so divide the text here.
    private static let unicodeVersion = 9

    /// Combining marks in a row from which on they are sorted here first, as the standard library
    /// takes quadratic time for it.
    private static let longRun = 64

    private static func composed(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard !isSurelyComposed(text) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var known = String.UnicodeScalarView()
        var marks: [Unicode.Scalar] = []
        func flushMarks() {
            if marks.count > longRun { marks = sorted(marks) }
            known.append(contentsOf: marks)
            marks.removeAll(keepingCapacity: true)
        }
        func flush() {
            flushMarks()
            result += String(known)._nfcCodeUnits
            known.removeAll(keepingCapacity: true)
        }
        var index = 0
        while index < text.count {
            let (scalar, end) = text.scalar(at: index)
            if isInert(scalar) {
                flushMarks()
                known.append(scalar)
            } else if let age = scalar.properties.age, age.major <= unicodeVersion {
                if scalar.properties.canonicalCombiningClass == .notReordered {
                    flushMarks()
                    known.append(scalar)
                } else {
                    marks.append(scalar)
                }
            } else {
                flush()
                result += text[index..<end]
            }
            index = end
        }
        flush()
        return result
    }

    /// In canonical order: by combining class, those of the same class as they stood.
    private static func sorted(_ marks: [Unicode.Scalar]) -> [Unicode.Scalar] {
        marks.enumerated()
            .map { (key: $1.properties.canonicalCombiningClass.rawValue, place: $0, mark: $1) }
            .sorted { ($0.key, $0.place) < ($1.key, $1.place) }
            .map(\.mark)
    }

    private static func isSurelyComposed(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while index < text.count {
            let (scalar, end) = text.scalar(at: index)
            guard isInert(scalar) else { return false }
            index = end
        }
        return true
    }

    /// Characters of large blocks that are their own normal form next to one another: Latin-1 and
    /// Latin Extended, kana, Han, Hangul syllables.
    private static func isInert(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x300, 0x3041...0x3096, 0x309B...0x30FF, 0x4E00...0x9FA5, 0xAC00...0xD7A3: true
        default: false
        }
    }
}
