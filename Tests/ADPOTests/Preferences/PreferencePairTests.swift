import ADPO
import ADPOTensor
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
            let encode = { (text: String) -> [Int32] in
                let entry = encodings.first {
                    $0["text"]?.string?.utf8.elementsEqual(text.utf8) == true
                }
                // TRL tokenized every text that is asked for; -1 is no id of any vocabulary.
                return entry?["ids"]?.ids ?? [-1]
            }
            var dataset = PreferenceDataset(vocabulary: 320)
            for text in texts {
                try dataset.append(
                    PreferencePair(text, eosText: golden["eos"]?.string, encode: encode))
            }
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
        let error = #expect(throws: ADPOError.self) {
            try PreferencePair(
                TextPair(prompt: prompt, chosen: chosen, rejected: rejected), eosText: "</s>"
            ) { $0.utf8.map { Int32($0) } }
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains(message) == true)
    }

    /// A tokenizer without an EOS token: the responses stay as they are.
    @Test func appendsNothingWithoutEOS() throws {
        let pair = try PreferencePair(
            TextPair(prompt: "a", chosen: "b", rejected: "cd"), eosText: nil
        ) { $0.utf8.map { Int32($0) } }
        #expect(pair == (try PreferencePair(prompt: [97], chosen: [98], rejected: [99, 100])))
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
}
