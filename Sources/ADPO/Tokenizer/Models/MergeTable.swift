/// An open-addressing hash table that tells what two neighbouring tokens merge to, and how early.
struct MergeTable: Sendable {
    struct Entry {
        /// The pair's ids, left in the high half; `vacant` where there is none.
        var pair: UInt64
        var rank: UInt32
        var merged: Int32
    }

    private static let vacant = UInt64.max

    /// Its size is a power of two, at least twice the number of merges.
    private var entries: [Entry]
    /// A pair's place is found by multiplication with a random odd number, which nobody who writes
    /// a file can foresee.
    private let multiplier = UInt64.random(in: .min ... .max) | 1
    private let shift: UInt64

    /// Merges in the order of their ranks. Of merges of the same pair, the last one counts.
    init(_ merges: [Merge]) {
        var bits: UInt64 = 4
        while 1 << bits < merges.count * 2 { bits += 1 }
        shift = 64 - bits
        entries = Array(
            repeating: Entry(pair: Self.vacant, rank: .max, merged: -1), count: 1 << Int(bits))
        for (rank, merge) in merges.enumerated() {
            let pair = Self.pair(merge.left, merge.right)
            entries[index(of: pair)] = Entry(
                pair: pair, rank: UInt32(truncatingIfNeeded: rank), merged: merge.merged)
        }
    }

    /// The merge of two tokens; nil when they do not merge.
    subscript(left: Int32, right: Int32) -> Entry? {
        let entry = entries[index(of: Self.pair(left, right))]
        return entry.pair == Self.vacant ? nil : entry
    }

    private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// Where the pair is, or belongs.
    private func index(of pair: UInt64) -> Int {
        var index = Int(truncatingIfNeeded: (pair &* multiplier) >> shift)
        while entries[index].pair != pair, entries[index].pair != Self.vacant {
            index = (index + 1) & (entries.count - 1)
        }
        return index
    }
}
