import ADPOBase

extension Normalizers {
    /// Unicode's Normalization Form C.
    struct NFC: Normalizer {
        var json: JSON { .part("NFC") }

        func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? { Self.composed(text) }

        /// The tables of the `tokenizers` package, whose ids ours must equal, are of Unicode 9: later
        /// characters neither move nor combine there, and so divide the text here.
        private static let unicodeVersion = 9

        /// Combining marks in a row from which on they are sorted here first, as the standard library
        /// takes quadratic time for it.
        private static let longRun = 64

        /// The only characters that are no combining marks themselves and decompose into such. The
        /// standard library does not sort these among the marks before them.
        private static let tibetanVowels: [Unicode.Scalar: [Unicode.Scalar]] = [
            "\u{F73}": ["\u{F71}", "\u{F72}"],
            "\u{F75}": ["\u{F71}", "\u{F74}"],
            "\u{F81}": ["\u{F71}", "\u{F80}"],
        ]

        private static func composed(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
            guard !isSurelyComposed(text) else { return nil }
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            var known: [UInt8] = []
            var marks: [Unicode.Scalar] = []
            func flushMarks() {
                if marks.count > longRun { marks = sorted(marks) }
                for mark in marks { known.append(contentsOf: String(mark).utf8) }
                marks.removeAll(keepingCapacity: true)
            }
            func flush() {
                flushMarks()
                result += String(decoding: known, as: UTF8.self)._nfcCodeUnits
                known.removeAll(keepingCapacity: true)
            }
            var index = 0
            while index < text.count {
                let (scalar, end) = text.scalar(at: index)
                if let decomposition = tibetanVowels[scalar] {
                    marks += decomposition
                } else if !isInert(scalar), isLate(scalar) {
                    flush()
                    result += text[index..<end]
                } else if !isInert(scalar),
                    scalar.properties.canonicalCombiningClass != .notReordered
                {
                    marks.append(scalar)
                } else {
                    flushMarks()
                    known += text[index..<end]
                }
                index = end
            }
            flush()
            return result
        }

        static func isLate(_ scalar: Unicode.Scalar) -> Bool {
            guard let age = scalar.properties.age else { return true }
            return age.major > unicodeVersion
        }

        /// In canonical order: by combining class, those of the same class as they stood.
        static func sorted(_ marks: [Unicode.Scalar]) -> [Unicode.Scalar] {
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
}
