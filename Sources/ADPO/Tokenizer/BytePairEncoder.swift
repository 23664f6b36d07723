/// Byte-pair encoding (Sennrich et al., arXiv 1508.07909, over bytes): a word's bytes become
/// tokens, and of all neighbours the pair with the lowest rank, the leftmost of equals, merges until
/// none can.
struct BytePairEncoder: Sendable {
    private let vocabulary: Vocabulary
    private let merges: MergeTable
    /// The token of each byte; -1 for none.
    private let byteTokens: [Int32]
    private let ignoresMerges: Bool
    private let unknownByte: Int32?
    private let fusesUnknown: Bool

    /// Words up to here are merged by looking at all pairs each time, longer ones with a heap:
    /// n^2 and n log n.
    private static let shortWord = 32
    /// Words beyond this are cut, so that positions fit 32 bits.
    private static let longestWord = 1 << 30

    init(_ description: TokenizerDescription) {
        vocabulary = description.vocabulary
        merges = MergeTable(description.merges)
        byteTokens = (0...UInt8.max).map { byte in
            [byte].withUnsafeBufferPointer { description.vocabulary.id(of: $0) } ?? -1
        }
        ignoresMerges = description.ignoresMerges
        unknownByte = description.unknownByte
        fusesUnknown = description.fusesUnknown
    }

    /// Memory that the encoding of one word after another reuses.
    struct Workspace {
        fileprivate var tokens: [Int32] = []
        fileprivate var ranks: [UInt32] = []
        fileprivate var next: [Int32] = []
        fileprivate var previous: [Int32] = []
        fileprivate var heap = MergeHeap()
    }

    /// Appends the tokens of one word.
    func encode(
        _ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: inout Workspace
    ) {
        if ignoresMerges, let id = vocabulary.id(of: word) {
            ids.append(id)
            return
        }
        var start = 0
        while start < word.count {
            let end = min(start + Self.longestWord, word.count)
            spell(word[start..<end], &workspace)
            if workspace.tokens.count <= Self.shortWord {
                mergeShort(&workspace.tokens, &workspace.ranks)
            } else {
                mergeLong(&workspace)
            }
            ids += workspace.tokens
            start = end
        }
    }

    /// Sets the tokens of the single bytes.
    private func spell(_ word: Slice<UnsafeBufferPointer<UInt8>>, _ workspace: inout Workspace) {
        workspace.tokens.removeAll(keepingCapacity: true)
        var lastIsUnknown = false
        for byte in word {
            let token = byteTokens[Int(byte)]
            if token >= 0 {
                workspace.tokens.append(token)
            } else if let unknownByte, !(lastIsUnknown && fusesUnknown) {
                workspace.tokens.append(unknownByte)
            }
            lastIsUnknown = token < 0
        }
    }

    private func rank(_ left: Int32, _ right: Int32) -> UInt32 {
        merges[left, right]?.rank ?? .max
    }

    /// Merges in place; ranks[i] is that of the pair (i, i + 1).
    private func mergeShort(_ tokens: inout [Int32], _ ranks: inout [UInt32]) {
        guard tokens.count > 1 else { return }
        ranks.removeAll(keepingCapacity: true)
        for index in 1..<tokens.count { ranks.append(rank(tokens[index - 1], tokens[index])) }
        while tokens.count > 1 {
            var best = 0
            for index in ranks.indices where ranks[index] < ranks[best] { best = index }
            guard let merge = merges[tokens[best], tokens[best + 1]] else { return }
            tokens[best] = merge.merged
            tokens.remove(at: best + 1)
            ranks.remove(at: best)
            if best > 0 { ranks[best - 1] = rank(tokens[best - 1], tokens[best]) }
            if best < ranks.count { ranks[best] = rank(tokens[best], tokens[best + 1]) }
        }
    }

    /// A linked list of the tokens, and a heap of the pairs that can merge. A pair in the heap whose
    /// rank is no longer that of its position has gone.
    private func mergeLong(_ workspace: inout Workspace) {
        let count = workspace.tokens.count
        workspace.previous = (0..<Int32(count)).map { $0 - 1 }
        workspace.next = (1...Int32(count)).map { $0 }
        workspace.ranks = Array(repeating: .max, count: count)
        workspace.heap.removeAll()
        for index in 0..<count - 1 { consider(index, &workspace) }
        while let (rank, position) = workspace.heap.popFirst() {
            guard workspace.ranks[position] == rank else { continue }
            let right = Int(workspace.next[position])
            guard right < count,
                let merge = merges[workspace.tokens[position], workspace.tokens[right]]
            else { continue }
            workspace.tokens[position] = merge.merged
            workspace.tokens[right] = -1
            workspace.ranks[right] = .max
            let after = workspace.next[right]
            workspace.next[position] = after
            if after < count { workspace.previous[Int(after)] = Int32(position) }
            consider(position, &workspace)
            let before = workspace.previous[position]
            if before >= 0 { consider(Int(before), &workspace) }
        }
        workspace.tokens.removeAll { $0 < 0 }
    }

    /// Looks at a position and its right neighbour, and puts them on the heap when they can merge.
    private func consider(_ position: Int, _ workspace: inout Workspace) {
        let right = Int(workspace.next[position])
        workspace.ranks[position] =
            right < workspace.tokens.count
            ? rank(workspace.tokens[position], workspace.tokens[right]) : .max
        if workspace.ranks[position] < .max {
            workspace.heap.insert(rank: workspace.ranks[position], position: position)
        }
    }
}

/// A binary min-heap of pairs to merge, by rank, then position.
private struct MergeHeap {
    private var keys: [UInt64] = []

    mutating func removeAll() { keys.removeAll(keepingCapacity: true) }

    mutating func insert(rank: UInt32, position: Int) {
        keys.append(UInt64(rank) << 32 | UInt64(position))
        var child = keys.count - 1
        while child > 0, keys[child] < keys[(child - 1) / 2] {
            keys.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> (rank: UInt32, position: Int)? {
        guard let first = keys.first, let last = keys.popLast() else { return nil }
        if !keys.isEmpty {
            keys[0] = last
            var parent = 0
            while true {
                var child = 2 * parent + 1
                guard child < keys.count else { break }
                if child + 1 < keys.count, keys[child + 1] < keys[child] { child += 1 }
                guard keys[child] < keys[parent] else { break }
                keys.swapAt(child, parent)
                parent = child
            }
        }
        return (UInt32(truncatingIfNeeded: first >> 32), Int(first & 0xFFFF_FFFF))
    }
}
