import ADPOBase

/// The bytes of every token, and the token of some bytes.
package struct Vocabulary: Sendable {
    /// Ids at and above this are refused; the largest vocabularies have about 2^18.
    package static let maximumCount = 1 << 21

    /// The tokens' bytes, one after another, and where those of each id are; empty for an id that
    /// no token has.
    private var bytes: [UInt8] = []
    private var places: [Place] = []
    /// An open-addressing hash table of the ids that `id(of:)` finds. Its size is a power of two, at
    /// least twice the number of ids in it.
    private var slots = Array(repeating: Slot(), count: 64)
    private var slotsInUse = 0
    /// The most bytes of a token that `id(of:)` finds.
    private var longest = 0

    private struct Place {
        var start = 0
        var count: Int32 = -1
    }

    private struct Slot {
        /// -1 where empty.
        var id: Int32 = -1
        /// More bits of the hash, which spare most looks at other tokens' bytes.
        var tag: UInt32 = 0
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

    /// Calls `body` with the bytes of a token, none for an id that no token has.
    func withBytes<T>(of id: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> T) -> T {
        guard contains(id) else { return body(UnsafeBufferPointer(start: nil, count: 0)) }
        let place = places[Int(id)]
        return bytes.withUnsafeBufferPointer {
            body(UnsafeBufferPointer(rebasing: $0[place.start..<place.start + Int(place.count)]))
        }
    }

    /// The token with exactly these bytes.
    package func id(of token: UnsafeBufferPointer<UInt8>) -> Int32? {
        let id = slots[slot(of: token).index].id
        return id < 0 ? nil : id
    }

    package func id(of token: some Collection<UInt8>) -> Int32? {
        Array(token).withUnsafeBufferPointer { id(of: $0) }
    }

    /// The token whose bytes are those of two others.
    func id(of left: Int32, followedBy right: Int32) -> Int32? {
        guard contains(left), contains(right) else { return nil }
        let (first, second) = (places[Int(left)], places[Int(right)])
        let (firstCount, secondCount) = (Int(first.count), Int(second.count))
        guard firstCount + secondCount <= longest else { return nil }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: firstCount + secondCount) {
            joined in
            bytes.withUnsafeBufferPointer { bytes in
                let rest = joined[..<firstCount].update(
                    fromContentsOf: bytes[first.start..<first.start + firstCount])
                _ = joined[rest...].update(
                    fromContentsOf: bytes[second.start..<second.start + secondCount])
            }
            return id(of: UnsafeBufferPointer(joined))
        }
    }

    /// Whether a token has this mark behind another character.
    func hasTokenWithin(_ mark: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            places.contains { place in
                guard Int(place.count) > mark.count else { return false }
                let token = UnsafeBufferPointer(
                    rebasing: bytes[place.start..<place.start + Int(place.count)])
                return token.firstMatch(of: mark, from: token.endOfRun(of: mark, from: 0)) != nil
            }
        }
    }

    /// How a file writes a token.
    package enum Spelling {
        /// In `ByteAlphabet`. What is empty or not written in it is text that the model does not
        /// know.
        case byteLevel
        case text
        /// Text that the model does not know: `id(of:)` does not find it.
        case unknownToModel
    }

    /// Adds a token.
    ///
    /// - Returns: Whether `id(of:)` finds it.
    /// - Throws: `.format` for an id that is taken or out of range, or bytes that have an id already.
    @discardableResult
    package mutating func insert(
        _ token: UnsafeBufferPointer<UInt8>, id: Int, as spelling: Spelling
    ) throws(ADPOError) -> Bool {
        let start = bytes.count
        let isKnown =
            switch spelling {
            case .byteLevel: !token.isEmpty && ByteAlphabet.decode(token, into: &bytes)
            case .text: !token.isEmpty
            case .unknownToModel: false
            }
        if !isKnown || spelling != .byteLevel { bytes += token }
        try place(id, from: start)
        guard isKnown else { return false }
        if slotsInUse * 2 >= slots.count { resizeTable(to: slots.count * 2) }
        guard enter(Int32(id)) else {
            throw ADPOError(.format, "the tokenizer's vocabulary has the token of id \(id) twice")
        }
        return true
    }

    /// Adds a token whose bytes are in an array.
    @discardableResult
    package mutating func insert(
        _ token: some Collection<UInt8>, id: Int, as spelling: Spelling
    ) throws(ADPOError) -> Bool {
        try Array(token).withUnsafeBufferPointer { (token) throws(ADPOError) in
            try insert(token, id: id, as: spelling)
        }
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
    private func slot(of token: UnsafeBufferPointer<UInt8>) -> (index: Int, tag: UInt32) {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(token))
        let hash = hasher.finalize()
        let tag = UInt32(truncatingIfNeeded: hash >> 32)
        var index = hash & (slots.count - 1)
        while slots[index].id >= 0, slots[index].tag != tag || !holds(slots[index].id, token) {
            index = (index + 1) & (slots.count - 1)
        }
        return (index, tag)
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
        guard slots[slot.index].id < 0 else { return false }
        slots[slot.index] = Slot(id: id, tag: slot.tag)
        slotsInUse += 1
        longest = max(longest, Int(place.count))
        return true
    }

    private mutating func resizeTable(to size: Int) {
        let old = slots
        slots = Array(repeating: Slot(), count: size)
        slotsInUse = 0
        for slot in old where slot.id >= 0 { _ = enter(slot.id) }
    }
}
