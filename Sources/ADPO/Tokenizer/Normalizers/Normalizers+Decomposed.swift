import ADPOBase

extension Normalizers {
    /// Unicode's Normalization Forms D and KD.
    struct Decomposed: Normalizer {
        let isCompatible: Bool

        var json: JSON { .part(isCompatible ? "NFKD" : "NFD") }
        /// U+FDFA becomes 33 bytes of three; otherwise two become up to six.
        var growth: Int { isCompatible ? 11 : 3 }

        func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            var marks: [Unicode.Scalar] = []
            func flushMarks() {
                if marks.count > 1 { marks = NFC.sorted(marks) }
                for mark in marks { result += String(mark).utf8 }
                marks.removeAll(keepingCapacity: true)
            }
            Decomposition.forEachScalar(of: text, isCompatible: isCompatible) { scalar in
                if !scalar.isASCII, !NFC.isLate(scalar),
                    scalar.properties.canonicalCombiningClass != .notReordered
                {
                    marks.append(scalar)
                } else {
                    flushMarks()
                    result += String(scalar).utf8
                }
            }
            flushMarks()
            return result
        }
    }

    /// Unicode's Normalization Form KC.
    struct NFKC: Normalizer {
        var json: JSON { .part("NFKC") }
        var growth: Int { Decomposed(isCompatible: true).growth }

        func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
            let decomposed = Decomposed(isCompatible: true).apply(text) ?? Array(text)
            return decomposed.withUnsafeBufferPointer { NFC().apply($0) } ?? decomposed
        }
    }
}

/// What characters decompose into.
enum Decomposition {
    private static let canonical = table(UnicodeData.canonical)
    private static let compatible = canonical.merging(table(UnicodeData.compatible)) { $1 }

    /// Calls `body` with the characters into which those of a text decompose.
    static func forEachScalar(
        of text: UnsafeBufferPointer<UInt8>, isCompatible: Bool, _ body: (Unicode.Scalar) -> Void
    ) {
        let table = isCompatible ? compatible : canonical
        var index = 0
        while index < text.count {
            let (scalar, end) = text.scalar(at: index)
            index = end
            if scalar.isASCII {
                body(scalar)
            } else if let parts = table[scalar] ?? hangul(scalar) {
                for part in parts { body(part) }
            } else {
                body(scalar)
            }
        }
    }

    /// The letters of a syllable (The Unicode Standard, 3.12).
    private static func hangul(_ scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
        guard (0xAC00...0xD7A3).contains(scalar.value) else { return nil }
        let index = scalar.value - 0xAC00
        let last = index % 28 == 0 ? nil : Unicode.Scalar(0x11A7 + index % 28)
        return [
            Unicode.Scalar(0x1100 + index / 588), Unicode.Scalar(0x1161 + index % 588 / 28), last,
        ].compactMap(\.self)
    }

    private static func table(_ text: String) -> [Unicode.Scalar: [Unicode.Scalar]] {
        var table: [Unicode.Scalar: [Unicode.Scalar]] = [:]
        var key: UInt32 = 0
        for entry in text.utf8.split(separator: UInt8(ascii: ";")) {
            let sides = entry.split(
                separator: UInt8(ascii: "="), omittingEmptySubsequences: false)
            guard sides.count == 2 else { continue }
            key += sides[0].isEmpty ? 1 : number(sides[0])
            guard let scalar = Unicode.Scalar(key) else { continue }
            table[scalar] = sides[1].split(separator: UInt8(ascii: ","))
                .compactMap { Unicode.Scalar(number($0)) }
        }
        return table
    }

    private static func number(_ digits: Substring.UTF8View) -> UInt32 {
        digits.reduce(0) { $0 << 4 | UInt32($1 < 0x3A ? $1 - 0x30 : $1 - 0x57) }
    }
}
