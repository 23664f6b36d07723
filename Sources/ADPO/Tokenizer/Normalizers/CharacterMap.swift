import ADPOBase

/// SentencePiece's precompiled map of texts to their normal form: a double-array trie ("darts"), then
/// what its keys become, each with a 0 behind it.
struct CharacterMap: Sendable {
    private let units: [UInt32]
    private let texts: [UInt8]
    let bytes: [UInt8]
    /// The length of the longest text that a key becomes.
    let longest: Int

    /// - Throws: `.format` when the trie is larger than the bytes.
    init(_ bytes: [UInt8]) throws(ADPOError) {
        func unit(_ index: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
        }
        guard bytes.count >= 4, Int(unit(0)) <= bytes.count - 4, unit(0) % 4 == 0 else {
            throw ADPOError(.format, "the tokenizer's map of characters is truncated or damaged")
        }
        let end = 4 + Int(unit(0))
        units = stride(from: 4, to: end, by: 4).map(unit)
        texts = Array(bytes[end...])
        longest = texts.split(separator: 0).map(\.count).max() ?? 0
        self.bytes = bytes
    }

    /// The keys that a text begins with: their lengths, and where in `texts` is what they become.
    private func prefixes(
        of text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ body: (Int, Int) -> Bool
    ) {
        guard let root = units.first else { return }
        var node = Self.offset(root)
        for index in range {
            let byte = UInt32(text[index])
            node ^= byte
            guard byte != 0, Int(node) < units.count else { return }
            let unit = units[Int(node)]
            guard unit & (1 << 31 | 0xFF) == byte else { return }
            node ^= Self.offset(unit)
            if unit >> 8 & 1 == 1 {
                guard Int(node) < units.count else { return }
                let value = Int(units[Int(node)] & 0x7FFF_FFFF)
                guard body(index + 1 - range.lowerBound, value) else { return }
            }
        }
    }

    private static func offset(_ unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 1 << 9) >> 6) }

    /// What the longest key becomes that a text begins with, and the key's length.
    func longestMatch(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
    ) -> (replacement: ArraySlice<UInt8>, count: Int)? {
        var match: (count: Int, place: Int)?
        prefixes(of: text, range) { count, place in
            match = (count, place)
            return true
        }
        return match.map { (replacement(at: $0.place), $0.count) }
    }

    /// What the shortest key becomes that a text begins with.
    func shortestMatch(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>
    ) -> ArraySlice<UInt8>? {
        var place: Int?
        prefixes(of: text, range) { _, first in
            place = first
            return false
        }
        return place.map(replacement)
    }

    private func replacement(at place: Int) -> ArraySlice<UInt8> {
        guard place < texts.count else { return [] }
        return texts[place...].prefix { $0 != 0 }
    }
}
