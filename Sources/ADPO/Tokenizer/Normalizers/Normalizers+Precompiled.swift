import ADPOBase

extension Normalizers {
    /// Replaces characters by SentencePiece's map.
    struct Precompiled: Normalizer {
        let map: CharacterMap
        /// As SentencePiece does it, the longest key at each place. The `tokenizers` package instead
        /// takes what the shortest key becomes for a whole grapheme cluster of up to 5 bytes, or
        /// else looks at each character.
        let isLongestMatch: Bool

        init(_ map: CharacterMap, isLongestMatch: Bool) {
            self.map = map
            self.isLongestMatch = isLongestMatch
        }

        init(_ json: JSON) throws(ADPOError) {
            let text = json["precompiled_charsmap"]?.string ?? ""
            guard let bytes = Base64.decode(text.utf8) else {
                throw ADPOError(.format, "the normalizer Precompiled has no map in Base64")
            }
            self.init(try CharacterMap(bytes), isLongestMatch: false)
        }

        var json: JSON {
            .part("Precompiled", [("precompiled_charsmap", .text(Base64.encode(map.bytes)))])
        }

        var growth: Int { max(1, map.longest) }

        func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            isLongestMatch ? matchLongest(text, &result) : matchGraphemes(text, &result)
            // A file may have a map of parts of characters, and what comes next reads whole ones.
            return Array(String(decoding: result, as: UTF8.self).utf8)
        }

        private func matchLongest(
            _ text: UnsafeBufferPointer<UInt8>, _ result: inout [UInt8]
        ) {
            var index = 0
            while index < text.count {
                if let match = map.longestMatch(text, index..<text.count) {
                    result += match.replacement
                    index += match.count
                } else {
                    let end = text.scalar(at: index).end
                    result += text[index..<end]
                    index = end
                }
            }
        }

        private static let longestCluster = 5

        private func matchGraphemes(
            _ text: UnsafeBufferPointer<UInt8>, _ result: inout [UInt8]
        ) {
            var start = 0
            for character in String(decoding: text, as: UTF8.self) {
                let end = start + character.utf8.count
                defer { start = end }
                if end - start <= Self.longestCluster,
                    let replacement = map.shortestMatch(text, start..<end)
                {
                    result += replacement
                    continue
                }
                var index = start
                while index < end {
                    let next = text.scalar(at: index).end
                    if let replacement = map.shortestMatch(text, index..<next) {
                        result += replacement
                    } else {
                        result += text[index..<next]
                    }
                    index = next
                }
            }
        }
    }
}

/// Base64 (RFC 4648) with padding.
enum Base64 {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        return values
    }()

    static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let value = Int(bits >> UInt32(18 - 6 * place) & 63)
                text.append(place <= group.count ? alphabet[value] : UInt8(ascii: "="))
            }
        }
        return text
    }

    /// nil for what is not Base64.
    static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let digits = text.reversed().drop { $0 == UInt8(ascii: "=") }.reversed()
        guard text.count - digits.count <= 2 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        let table = values
        for character in digits {
            let value = table[Int(character)]
            guard value < 64 else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}
