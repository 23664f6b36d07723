import ADPOBase

extension PreferenceDataset {
    /// One of the pairs in use, token by token.
    func example(
        _ place: Int, of prepared: PreparedPairs, _ granularity: Granularity
    ) throws(ADPOError) -> Inspection.Example {
        let pair = prepared.pairs[place]
        let index = prepared.indices[place]
        let whole = pairs[index]
        let removed = pair.removedCounts(of: whole)
        let segments = try Segmentation(granularity, pair).segments
        func response(
            _ ids: [Int32], removed: ArraySlice<Int32>, _ weights: [Float]?,
            _ ranges: [Range<Int>]
        ) -> Inspection.Response {
            // Decoded together: a character can have tokens of prompt and response.
            let texts = tokenizer.texts(of: pair.prompt + ids).dropFirst(pair.prompt.count)
            let tokens = zip(ids.indices, texts).map { index, text in
                Inspection.Token(id: ids[index], text: text, weight: weights?[index] ?? 1)
            }
            return Inspection.Response(
                segments: ranges.map { Array(tokens[$0]) },
                removed: tokenizer.texts(of: Array(removed)).joined())
        }
        return Inspection.Example(
            pair: index,
            prompt: zip(pair.prompt, tokenizer.texts(of: pair.prompt)).map {
                Inspection.Token(id: $0, text: $1, weight: 0)
            },
            chosen: response(
                pair.chosen, removed: whole.chosen.suffix(removed.chosen), pair.weights?.chosen,
                segments.map(\.chosen)),
            rejected: response(
                pair.rejected, removed: whole.rejected.suffix(removed.rejected),
                pair.weights?.rejected, segments.map(\.rejected))
        )
    }
}

extension PairTokenizer {
    /// The text of each token. A character that several tokens share is the text of the last.
    func texts(of ids: [Int32]) -> [String] {
        var characters = CharacterBuffer()
        var texts = ids.map { String(decoding: characters.append(decode($0)), as: UTF8.self) }
        if let last = texts.indices.last {
            texts[last] += String(decoding: characters.finish(), as: UTF8.self)
        }
        return texts
    }
}
