import ADPO
import ADPOBase
import TestSupport
import Testing

struct PreferencePairTests {
    /// TRL's tokenization and truncation, with and without BOS; see make_pairs.py.
    @Test func equalsTRL() throws {
        let golden = try golden("pairs.json")
        let texts = try #require(golden["texts"]?.array).map { text in
            TextPair(
                prompt: try #require(text["prompt"]?.string),
                chosen: try #require(text["chosen"]?.string),
                rejected: try #require(text["rejected"]?.string))
        }
        let cases = try #require(golden["cases"]?.array)
        #expect(cases.count == 2)
        for trl in cases {
            let encodings = try #require(trl["ids"]?.array)
            let eos = try #require(golden["eos"]?.string)
            let tokenizer = PairTokenizer(
                eos: 1,
                encode: { text, _ in
                    let entry = encodings.first {
                        $0["text"]?.string?.utf8.elementsEqual(text.utf8) == true
                    }
                    // TRL tokenized every text that is asked for; -1 is no id of any vocabulary.
                    return entry?["ids"]?.ids ?? [-1]
                }, decode: { $0 == 1 ? Array(eos.utf8) : [] })
            var dataset = PreferenceDataset(vocabulary: 320, tokenizer: tokenizer)
            for text in texts { try dataset.append(text) }
            #expect(dataset.pairs == (try pairs(trl["pairs"])))

            let lengths = try #require(trl["truncated"]?.array)
            #expect(!lengths.isEmpty)
            for expected in lengths {
                let length = try #require(expected["max_length"]?.integer)
                let result = dataset.truncated(maxLength: length)
                #expect(result.pairs == (try pairs(expected["pairs"])))
                #expect(result.dropped == expected["dropped"]?.integer)
                #expect(result.truncated == expected["truncated"]?.integer)
            }
        }
    }

    private func pairs(_ json: JSON?) throws -> [PreferencePair] {
        try #require(json?.array).map { pair in
            let ids = try #require(pair.array).map(\.ids)
            try #require(ids.count == 3)
            return try PreferencePair(prompt: ids[0], chosen: ids[1], rejected: ids[2])
        }
    }

    @Test(arguments: [
        ([], [1], [1], "the prompt has no tokens"), ([1], [], [1], "the chosen response has no"),
        ([1], [1], [], "the rejected response has no"),
    ])
    func refusesEmptyParts(
        _ prompt: [Int32], _ chosen: [Int32], _ rejected: [Int32], _ message: String
    ) {
        let error = #expect(throws: ADPOError.self) {
            try PreferencePair(prompt: prompt, chosen: chosen, rejected: rejected)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(message) == true)
    }

    @Test(arguments: [
        ("p", "", "r", "the chosen response is empty"),
        ("p", "c", "", "the rejected response is empty"),
        ("", "c", "r", "the prompt has no tokens"),
    ])
    func refusesEmptyTexts(
        _ prompt: String, _ chosen: String, _ rejected: String, _ message: String
    ) {
        var dataset = PreferenceDataset(vocabulary: 256, tokenizer: .bytes(eos: 36))
        let error = #expect(throws: ADPOError.self) {
            try dataset.append(TextPair(prompt: prompt, chosen: chosen, rejected: rejected))
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(message) == true)
    }

    /// A tokenizer without an EOS token: the responses stay as they are.
    @Test func appendsNothingWithoutEOS() throws {
        var dataset = PreferenceDataset(vocabulary: 256, tokenizer: .bytes())
        try dataset.append(TextPair(prompt: "a", chosen: "b", rejected: "cd"))
        #expect(
            dataset.pairs == [try PreferencePair(prompt: [97], chosen: [98], rejected: [99, 100])])
    }

    @Test func anUnpairedRowHasOneResponse() throws {
        var dataset = PreferenceDataset(vocabulary: 256, tokenizer: .bytes(eos: 36))
        try dataset.append(TextPair(prompt: "a", completion: "b", isDesirable: true))
        try dataset.append(TextPair(prompt: "a", completion: "b", isDesirable: false))
        #expect(dataset.pairs.map(\.chosen) == [[98, 36], []])
        #expect(dataset.pairs.map(\.rejected) == [[], [98, 36]])
        #expect(dataset.pairs.allSatisfy { !$0.isPaired && $0.truncated(maxLength: 2) != nil })
        #expect(throws: ADPOError.self) {
            try PreferencePair(prompt: [1], completion: [], isDesirable: true)
        }
        #expect(throws: ADPOError.self) {
            try dataset.append(TextPair(prompt: "a", completion: "", isDesirable: true))
        }
    }

    /// Segments and weights are cut with their responses.
    @Test func truncatesSegmentsAndWeights() throws {
        var pair = try PreferencePair(prompt: [1, 2], chosen: [1, 2, 3, 4, 5], rejected: [1, 2])
        try pair.setSegmentEnds(ResponsePair(chosen: [1, 3, 5], rejected: [1, 2]))
        try pair.setWeights(ResponsePair(chosen: [1, 2, 3, 4, 5], rejected: [6, 7]))
        for (length, ends, weights) in [
            (3, [1], [1]), (4, [1, 2], [1, 2]), (5, [1, 3], [1, 2, 3]),
            (6, [1, 3, 4], [1, 2, 3, 4]),
        ] as [(Int, [Int], [Float])] {
            let cut = try #require(pair.truncated(maxLength: length))
            #expect(cut.chosen.count == weights.count)
            #expect(cut.segmentEnds?.chosen == ends)
            #expect(cut.segmentEnds?.rejected == (length == 3 ? [1] : [1, 2]))
            #expect(cut.weights?.chosen == weights)
            #expect(cut.weights?.rejected == Array([6, 7].prefix(length - 2)))
        }
        #expect(pair.truncated(maxLength: 7) == pair)
    }

    @Test(arguments: [
        ([], "leaves tokens out"), ([2], "leaves tokens out"), ([1, 2], "leaves tokens out"),
        ([1, 1, 3], "overlap"), ([2, 1, 3], "overlap"), ([0, 3], "overlap"), ([-1, 3], "overlap"),
        ([1, 4], "beyond it"), ([3, .max], "beyond it"),
    ])
    func refusesSegments(_ ends: [Int], _ message: String) throws {
        var pair = try PreferencePair(prompt: [1], chosen: [1, 2, 3], rejected: [1])
        let before = pair
        let error = #expect(throws: ADPOError.self) {
            try pair.setSegmentEnds(ResponsePair(chosen: ends, rejected: [1]))
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        #expect(pair == before)
    }

    @Test(arguments: [[], [1, 1], [1, 1, 1, 1], [1, .nan, 1], [1, .infinity, 1]] as [[Float]])
    func refusesWeights(_ weights: [Float]) throws {
        var pair = try PreferencePair(prompt: [1], chosen: [1], rejected: [1, 2, 3])
        let error = #expect(throws: ADPOError.self) {
            try pair.setWeights(ResponsePair(chosen: [1], rejected: weights))
        }
        #expect(error?.code == .invalidArgument)
        #expect(pair.weights == nil)
    }

    @Test(arguments: [0, -1, Int.min])
    func truncatesToNothing(_ length: Int) throws {
        var dataset = PreferenceDataset(vocabulary: 5)
        try dataset.append(PreferencePair(prompt: [1], chosen: [2], rejected: [3]))
        #expect(dataset.truncated(maxLength: length).dropped == 1)
    }
}

struct PreferenceDatasetTests {
    @Test(arguments: [-1, 5, Int32.max, Int32.min])
    func refusesIdsOutsideTheVocabulary(_ id: Int32) throws {
        var dataset = PreferenceDataset(vocabulary: 5)
        let good = try PreferencePair(prompt: [0], chosen: [4], rejected: [2])
        try dataset.append(good)
        for bad in [
            try PreferencePair(prompt: [id], chosen: [1], rejected: [1]),
            try PreferencePair(prompt: [1], chosen: [1, id], rejected: [1]),
            try PreferencePair(prompt: [1], chosen: [1], rejected: [id, 1]),
        ] {
            let error = #expect(throws: ADPOError.self) {
                try dataset.append(contentsOf: [good, bad])
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("token id \(id)") == true)
        }
        #expect(dataset.pairs == [good])
    }

    @Test(arguments: [-1, 1, Int.max, Int.min])
    func refusesIndicesOutsideTheDataset(_ index: Int) throws {
        var dataset = PreferenceDataset(vocabulary: 5)
        try dataset.append(PreferencePair(prompt: [1], chosen: [2], rejected: [3]))
        #expect(throws: ADPOError.self) {
            try dataset.setSegmentEnds(ResponsePair(chosen: [1], rejected: [1]), ofPair: index)
        }
        #expect(throws: ADPOError.self) { try dataset.setWeights(nil, ofPair: index) }
        try dataset.setWeights(ResponsePair(chosen: [2], rejected: [3]), ofPair: 0)
        #expect(dataset.pairs[0].weights?.rejected == [3])
    }
}
