/// Tokens in the order of their bytes, to find those that a text begins with.
struct PrefixTable: Sendable {
    private var bytes: [UInt8] = []
    /// Where each token's bytes begin, and where the last one's end.
    private var starts: [Int] = [0]
    private var ids: [Int32] = []
    /// Where the tokens of each first byte begin.
    private var firsts: [Int] = []

    init(_ vocabulary: Vocabulary, _ tokens: [Int]) {
        /// Eight bytes settle the order of most tokens.
        func key(_ token: ArraySlice<UInt8>) -> UInt64 {
            var key: UInt64 = 0
            for (index, byte) in token.prefix(8).enumerated() {
                key |= UInt64(byte) << UInt64(56 - 8 * index)
            }
            return key
        }
        let sorted = tokens.map { (id: Int32($0), key: key(vocabulary[Int32($0)])) }
            .sorted { first, second in
                if first.key != second.key { return first.key < second.key }
                return vocabulary[first.id].lexicographicallyPrecedes(vocabulary[second.id])
            }
        for (id, _) in sorted where !vocabulary[id].isEmpty {
            bytes += vocabulary[id]
            starts.append(bytes.count)
            ids.append(id)
        }
        firsts = (0...256).map { byte in
            ids.indices.partitioningIndex { Int(bytes[starts[$0]]) >= byte }
        }
    }

    /// Calls `body` with the tokens that begin at an index, the shorter ones first, and their ends.
    func forEachPrefix(
        of text: UnsafeBufferPointer<UInt8>, from start: Int, _ body: (Int32, Int) -> Void
    ) {
        let first = Int(text[start])
        var range = firsts[first]..<firsts[first + 1]
        var length = 1
        while let candidate = range.first {
            if starts[candidate + 1] - starts[candidate] == length {
                body(ids[candidate], start + length)
                range = candidate + 1..<range.upperBound
            }
            guard start + length < text.count else { return }
            let next = text[start + length]
            let low = range.partitioningIndex { bytes[starts[$0] + length] >= next }
            range =
                low..<(low..<range.upperBound).partitioningIndex {
                    bytes[starts[$0] + length] > next
                }
            length += 1
        }
    }
}

extension Range<Int> {
    /// The first index for which a condition holds that then holds for all behind it.
    fileprivate func partitioningIndex(where holds: (Int) -> Bool) -> Int {
        var (low, high) = (lowerBound, upperBound)
        while low < high {
            let middle = low + (high - low) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
