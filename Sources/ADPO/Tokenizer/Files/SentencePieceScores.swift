import ADPOBase

/// SentencePiece's scores and the merges of tokenizer.json: two ways to say the same, since there a
/// token of a higher score is merged earlier, from whichever two tokens make it.
///
/// They can differ in one place: where a token overlaps itself ("aa" in "aaa"), SentencePiece merges
/// the leftmost first, and a list of merges whichever two tokens it names first.
struct SentencePieceScores {
    /// The score of each token, by its id.
    let scores: [Float]

    /// The scores of a tokenizer, also of one that lists its merges.
    ///
    /// - Throws: `.unsupported` when no scores say the same.
    init(_ description: TokenizerDescription) throws(ADPOError) {
        let model = description.model
        let vocabulary = description.vocabulary
        guard !model.ignoresMerges else {
            throw GGUFTokenizerFields.unsupported("words that ignore its merges")
        }
        guard
            model.fallsBackToBytes,
            (0...UInt8.max).allSatisfy({ byte in
                vocabulary.id(of: ByteToken.text(byte)) != nil || vocabulary.id(of: [byte]) != nil
            })
        else { throw GGUFTokenizerFields.unsupported("bytes without a token") }
        switch model.merges {
        case .scored(let scores):
            let added = Set(description.addedTokens.map(\.id))
            for (id, score) in scores.enumerated() where !score.isFinite {
                let id = Int32(id)
                guard added.contains(id) || ByteToken.byte(vocabulary[id]) != nil else {
                    throw GGUFTokenizerFields.unsupported("tokens that nothing becomes")
                }
            }
            self.scores = scores.map { $0.isFinite ? $0 : 0 }
        case .listed(let merges): scores = try Self.scores(of: merges, description)
        }
    }

    private static func scores(
        of merges: [Merge], _ description: TokenizerDescription
    ) throws(ADPOError) -> [Float] {
        let vocabulary = description.vocabulary
        var scores = [Float](repeating: 0, count: vocabulary.count)
        var listed = Set<[Int32]>()
        let added = Set(description.addedTokens.map(\.id))
        var lastGroup: Int32?
        var score: Float = 0
        for merge in merges {
            // Added tokens in a row, such as runs of spaces, are merged from the left anyway.
            let group = added.contains(merge.merged) ? -1 : merge.merged
            if group != lastGroup { score -= 1 }
            lastGroup = group
            guard scores[Int(merge.merged)] == 0 || scores[Int(merge.merged)] == score else {
                throw GGUFTokenizerFields.unsupported(
                    "merges of one token at different times, which scores cannot say")
            }
            scores[Int(merge.merged)] = score
            if group >= 0 { listed.insert([merge.left, merge.right]) }
        }
        // Added tokens are found in the text before anything is merged.
        var possible = 0
        for id in 0..<Int32(vocabulary.count) where !added.contains(id) {
            possible += vocabulary.divisions(of: id).count
        }
        guard possible == listed.count else {
            throw GGUFTokenizerFields.unsupported(
                "tokens that its merges do not make of all their parts, as scores would")
        }
        return scores
    }

    /// All merges that make tokens, in the order of the tokens' scores; as transformers lists them.
    static func merges(_ scores: [Float], _ vocabulary: Vocabulary) -> [Merge] {
        struct Candidate {
            var merge: Merge
            var score: Float
            var leftCount: Int
            var rightCount: Int
            var place = 0
        }
        var candidates: [Candidate] = []
        for id in 0..<Int32(vocabulary.count) where scores.indices.contains(Int(id)) {
            let divisions = vocabulary.divisions(of: id).sorted {
                ($0.left, $0.right) < ($1.left, $1.right)
            }
            for merge in divisions {
                candidates.append(
                    Candidate(
                        merge: merge, score: scores[Int(id)],
                        leftCount: String(decoding: vocabulary[merge.left], as: UTF8.self)
                            .unicodeScalars.count,
                        rightCount: String(decoding: vocabulary[merge.right], as: UTF8.self)
                            .unicodeScalars.count,
                        place: candidates.count))
            }
        }
        candidates.sort {
            ($0.score, $0.leftCount, $0.rightCount, $1.place)
                > ($1.score, $1.leftCount, $1.rightCount, $0.place)
        }
        return candidates.map(\.merge)
    }
}

extension Vocabulary {
    /// The merges of two tokens that make a token.
    fileprivate func divisions(of id: Int32) -> [Merge] {
        withBytes(of: id) { token in
            guard self.id(of: token) == id else { return [] }
            return token.indices.dropFirst().compactMap { middle in
                guard token[middle] & 0xC0 != 0x80,
                    let left = self.id(of: UnsafeBufferPointer(rebasing: token[..<middle])),
                    let right = self.id(of: UnsafeBufferPointer(rebasing: token[middle...]))
                else { return nil }
                return Merge(left: left, right: right, merged: id)
            }
        }
    }
}
