/// Some pairs as one packed sequence, and where each pair's response tokens lie among its targets.
struct PairBatch {
    /// Pairs are packed together up to about this many tokens: enough for efficient products, few
    /// enough that activations stay small.
    private static let tokensPerPass = 512

    private(set) var sequence = PackedSequence()
    /// A pair, and its targets: the chosen response's tokens, then the rejected one's.
    private(set) var members: [(index: Int, targets: Range<Int>)] = []

    /// Packs the pairs with these indices, in order, into as few passes as their sizes allow.
    static func packed(_ indices: some Collection<Int>, of pairs: [PreferencePair]) -> [PairBatch] {
        var batches: [PairBatch] = []
        var current = PairBatch()
        for index in indices {
            let pair = pairs[index]
            let tokens = pair.prompt.count + pair.chosen.count + pair.rejected.count
            if !current.members.isEmpty,
                current.sequence.tokens.count + tokens > tokensPerPass
            {
                batches.append(current)
                current = PairBatch()
            }
            let first = current.sequence.targets.count
            current.sequence.append(prompt: pair.prompt, responses: [pair.chosen, pair.rejected])
            current.members.append((index, first..<current.sequence.targets.count))
        }
        if !current.members.isEmpty { batches.append(current) }
        return batches
    }
}
