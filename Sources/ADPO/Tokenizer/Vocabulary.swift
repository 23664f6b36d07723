import ADPOBase

/// The bytes of every token, and the token of some bytes.
package struct Vocabulary: Sendable {
    /// Ids at and above this are refused; the largest vocabularies have about 2^18.
    package static let maximumCount = 1 << 21

    /// The tokens' bytes, one after another, and where those of each id are; empty for an id that
    /// no token has.
    private var bytes: [UInt8] = []
    private var places: [Place] = []
    /// An open-addressing hash table of the ids that `id(of:)` finds; -1 where empty. Its size is a
    /// power of two, at least twice the number of ids in it.
    private var slots: [Int32] = Array(repeating: -1, count: 64)
    private var slotsInUse = 0

    private struct Place {
        var start = 0
        var count: Int32 = -1
    }

    package init() {}

    /// The highest id plus one.
    package var count: Int { places.count }

    package mutating func reserveCapacity(_ count: Int) {
        let count = min(count, Self.maximumCount)
        places.reserveCapacity(count)
        bytes.reserveCapacity(count * 8)
        var size = slots.count
        while size < count * 2 { size *= 2 }
        if size > slots.count { resizeTable(to: size) }
    }

    package func contains(_ id: Int32) -> Bool {
        places.indices.contains(Int(id)) && places[Int(id)].count >= 0
    }

    /// The bytes of a token, none for an id that no token has.
    package subscript(id: Int32) -> ArraySlice<UInt8> {
        guard contains(id) else { return [] }
        let place = places[Int(id)]
        return bytes[place.start..<place.start + Int(place.count)]
    }

    /// The token with exactly these bytes.
    package func id(of token: UnsafeBufferPointer<UInt8>) -> Int32? {
        let id = slots[slot(of: token)]
        return id < 0 ? nil : id
    }

    /// Adds a token of the byte-level model. One that is empty or not written in `ByteAlphabet` is
    /// added as the text that it is, and false returned.
    ///
    /// - Throws: `.format` for an id that is taken or out of range, or bytes that have an id already.
    @discardableResult
    package mutating func insert(encoded text: [UInt8], id: Int) throws(ADPOError) -> Bool {
        let start = bytes.count
        guard !text.isEmpty, ByteAlphabet.decode(text[...], into: &bytes) else {
            try insert(text: text, id: id)
            return false
        }
        try place(id, from: start)
        if slotsInUse * 2 >= slots.count { resizeTable(to: slots.count * 2) }
        guard enter(Int32(id)) else {
            throw ADPOError(.format, "the tokenizer's vocabulary has the token of id \(id) twice")
        }
        return true
    }

    /// Adds a token that the byte-level model does not know: `id(of:)` does not find it.
    package mutating func insert(text: [UInt8], id: Int) throws(ADPOError) {
        let start = bytes.count
        bytes += text
        try place(id, from: start)
    }

    private mutating func place(_ id: Int, from start: Int) throws(ADPOError) {
        guard (0..<Self.maximumCount).contains(id) else {
            throw ADPOError(
                .format,
                "the tokenizer's vocabulary has the id \(id), outside of 0..<\(Self.maximumCount)")
        }
        if id >= places.count {
            places.append(contentsOf: repeatElement(Place(), count: id + 1 - places.count))
        }
        guard places[id].count < 0, let count = Int32(exactly: bytes.count - start) else {
            throw ADPOError(.format, "the tokenizer's vocabulary has two tokens with the id \(id)")
        }
        places[id] = Place(start: start, count: count)
    }

    /// The slot that holds these bytes' id, or the empty one where it belongs.
    private func slot(of token: UnsafeBufferPointer<UInt8>) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(token))
        var slot = hasher.finalize() & (slots.count - 1)
        while slots[slot] >= 0, !holds(slots[slot], token) {
            slot = (slot + 1) & (slots.count - 1)
        }
        return slot
    }

    private func holds(_ id: Int32, _ token: UnsafeBufferPointer<UInt8>) -> Bool {
        let place = places[Int(id)]
        guard Int(place.count) == token.count else { return false }
        for index in 0..<token.count where bytes[place.start + index] != token[index] {
            return false
        }
        return true
    }

    /// Makes `id(of:)` find this id; false when its bytes lead to another already.
    private mutating func enter(_ id: Int32) -> Bool {
        let place = places[Int(id)]
        let slot = bytes.withUnsafeBufferPointer { bytes in
            self.slot(
                of: UnsafeBufferPointer(
                    rebasing: bytes[place.start..<place.start + Int(place.count)]))
        }
        guard slots[slot] < 0 else { return false }
        slots[slot] = id
        slotsInUse += 1
        return true
    }

    private mutating func resizeTable(to size: Int) {
        let old = slots
        slots = Array(repeating: -1, count: size)
        slotsInUse = 0
        for id in old where id >= 0 { _ = enter(id) }
    }
}
