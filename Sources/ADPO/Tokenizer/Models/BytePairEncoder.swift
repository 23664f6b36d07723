/// Byte-pair encoding (Sennrich et al., arXiv 1508.07909): a word's bytes, or characters, become
/// tokens, and of all neighbours the pair with the lowest rank, the leftmost of equals, merges until
/// none can.
struct BytePairEncoder: Sendable {
    private let vocabulary: Vocabulary
    private let rule: MergeRule
    private let model: SubwordModel
    private let isByteLevel: Bool
    /// The token of each byte; -1 for none.
    private let byteTokens: [Int32]
    /// A word is cut before each run of this mark, since no token has it behind another character;
    /// SentencePiece's texts are one long word otherwise.
    private let wordMark: [UInt8]?

    private static let metaspace: [UInt8] = Array("\u{2581}".utf8)

    /// Words up to here are merged by looking at all pairs each time, longer ones with a heap:
    /// n^2 and n log n.
    private static let shortWord = 32
    /// Words beyond this are cut, so that positions fit 32 bits.
    private static let longestWord = 1 << 30

    init(_ vocabulary: Vocabulary, _ model: SubwordModel, isByteLevel: Bool) {
        self.vocabulary = vocabulary
        self.model = model
        rule = MergeRule(model.merges, vocabulary)
        self.isByteLevel = isByteLevel
        byteTokens = (0...UInt8.max).map { byte in
            let text = isByteLevel ? [byte] : ByteToken.text(byte)
            // A byte token may be missing where its character has a token.
            return vocabulary.id(of: text)
                ?? (byte < 0x80 ? vocabulary.id(of: [byte]) : nil) ?? -1
        }
        let cuts =
            !isByteLevel && vocabulary.id(of: Self.metaspace) != nil
            && !vocabulary.hasTokenWithin(Self.metaspace)
        wordMark = cuts ? Self.metaspace : nil
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
        if model.ignoresMerges, let id = vocabulary.id(of: word) {
            ids.append(id)
            return
        }
        var start = 0
        while start < word.count {
            let end = min(wordEnd(word, from: start), start + Self.longestWord)
            spell(UnsafeBufferPointer(rebasing: word[start..<end]), &workspace)
            if workspace.tokens.count <= Self.shortWord {
                mergeShort(&workspace.tokens, &workspace.ranks)
            } else {
                mergeLong(&workspace)
            }
            ids += workspace.tokens
            start = end
        }
    }

    /// Where the next mark begins behind other characters.
    private func wordEnd(_ word: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let wordMark else { return word.count }
        let end = word.endOfRun(of: wordMark, from: start)
        return word.firstMatch(of: wordMark, from: end) ?? word.count
    }

    /// Sets the tokens before any merge.
    private func spell(_ word: UnsafeBufferPointer<UInt8>, _ workspace: inout Workspace) {
        workspace.tokens.removeAll(keepingCapacity: true)
        var lastIsUnknown = false
        var start = 0
        while start < word.count {
            let end = isByteLevel ? start + 1 : word.scalar(at: start).end
            let unit = UnsafeBufferPointer(rebasing: word[start..<end])
            start = end
            let isKnown = append(unit, to: &workspace.tokens)
            if !isKnown, let unknown = model.unknown, !(lastIsUnknown && model.fusesUnknown) {
                workspace.tokens.append(unknown)
            }
            lastIsUnknown = !isKnown
        }
    }

    /// Appends the token of a byte or character, or those of its bytes; false when there is none.
    private func append(_ unit: UnsafeBufferPointer<UInt8>, to tokens: inout [Int32]) -> Bool {
        if isByteLevel {
            let token = byteTokens[Int(unit[0])]
            if token >= 0 { tokens.append(token) }
            return token >= 0
        }
        if let id = vocabulary.id(of: unit) {
            tokens.append(id)
            return true
        }
        guard model.fallsBackToBytes, unit.allSatisfy({ byteTokens[Int($0)] >= 0 }) else {
            return false
        }
        for byte in unit { tokens.append(byteTokens[Int(byte)]) }
        return true
    }

    private func rank(_ left: Int32, _ right: Int32) -> UInt32 {
        rule[left, right]?.rank ?? .max
    }

    /// Merges in place; ranks[i] is that of the pair (i, i + 1).
    private func mergeShort(_ tokens: inout [Int32], _ ranks: inout [UInt32]) {
        guard tokens.count > 1 else { return }
        ranks.removeAll(keepingCapacity: true)
        for index in 1..<tokens.count { ranks.append(rank(tokens[index - 1], tokens[index])) }
        while tokens.count > 1 {
            var best = 0
            for index in ranks.indices where ranks[index] < ranks[best] { best = index }
            guard let merge = rule[tokens[best], tokens[best + 1]] else { return }
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
                let merge = rule[workspace.tokens[position], workspace.tokens[right]]
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
