/// Answers what two neighbouring tokens merge to, and how early: the lowest rank first.
enum MergeRule: Sendable {
    case table(MergeTable)
    /// The rank of each token; a merge has that of the token it makes.
    case ranks([UInt32], Vocabulary)

    init(_ merges: Merges, _ vocabulary: Vocabulary) {
        switch merges {
        case .listed(let merges): self = .table(MergeTable(merges))
        case .scored(let scores): self = .ranks(scores.map(Self.rank), vocabulary)
        }
    }

    subscript(left: Int32, right: Int32) -> (rank: UInt32, merged: Int32)? {
        switch self {
        case .table(let table): return table[left, right].map { ($0.rank, $0.merged) }
        case .ranks(let ranks, let vocabulary):
            guard let merged = vocabulary.id(of: left, followedBy: right),
                ranks.indices.contains(Int(merged)), ranks[Int(merged)] < .max
            else { return nil }
            return (ranks[Int(merged)], merged)
        }
    }

    /// A number that is lower for a higher score, and the highest of all for -infinity alone, which
    /// never merges.
    private static func rank(_ score: Float) -> UInt32 {
        guard score > -.infinity else { return .max }
        let bits = (score + 0).bitPattern  // of both zeros the same
        let ascending = bits >> 31 == 0 ? bits | 1 << 31 : ~bits
        return min(~ascending, .max - 1)
    }
}
