import ADPO
import ADPOBase
import TestSupport
import Testing

struct PreferenceRowTests {
    /// Implicit prompts, conversations and unpaired rows as TRL's DPOTrainer and KTOTrainer prepare
    /// them, with and without BOS; see make_pairs.py.
    @Test func equalsTRL() throws {
        let golden = try golden("rows.json")
        let rows = try #require(golden["rows"]?.array)
        let unpaired = try #require(golden["unpaired"]?.array)
        let cases = try #require(golden["cases"]?.array)
        #expect(cases.count == 2)
        for trl in cases {
            var dataset = PreferenceDataset(vocabulary: 320, tokenizer: try tokenizer(trl))
            let rendered = try #require(trl["rendered"]?.array)
            dataset.renderChat = { (conversation, addGenerationPrompt) in
                let call = rendered.first { call in
                    ["messages", "tools", "think"].allSatisfy {
                        call[$0]?.text == conversation[$0]?.text
                    } && (call["add_generation_prompt"]?.bool ?? false) == addGenerationPrompt
                }
                return call?["text"]?.string ?? "TRL never rendered this"
            }
            for row in rows + unpaired { try dataset.append(json: row.text) }

            let pairs = try #require(trl["pairs"]?.array).map { pair in
                let ids = try #require(pair.array).map(\.ids)
                return try PreferencePair(prompt: ids[0], chosen: ids[1], rejected: ids[2])
            }
            let completions = try #require(trl["unpaired"]?.array).map { row in
                let row = try #require(row.array)
                return try PreferencePair(
                    prompt: row[0].ids, completion: row[1].ids,
                    isDesirable: row[2].bool == true)
            }
            #expect(pairs.count == rows.count && completions.count == unpaired.count)
            for (own, trl) in zip(dataset.pairs, pairs + completions) { #expect(own == trl) }
        }
    }

    /// The prompt is split from the responses as `maybe_extract_prompt` does it.
    @Test func splitsThePromptAsTRL() throws {
        let golden = try golden("rows.json")
        let rows = try #require(golden["rows"]?.array)
        let extracted = try #require(golden["extracted"]?.array)
        #expect(rows.count == extracted.count)
        func text(_ text: PreferenceRow.Text?) -> String? {
            switch text {
            case .plain(let text): JSON.string(text).text
            case .pieces(let pieces): JSON.array(pieces.map { .string($0) }).text
            case .chat(let messages): JSON.array(messages).text
            case nil: nil
            }
        }
        for (row, trl) in zip(rows, extracted) {
            let row = try PreferenceRow(row)
            #expect(text(row.prompt) == trl["prompt"]?.text)
            #expect(text(row.chosen) == trl["chosen"]?.text)
            #expect(text(row.rejected) == trl["rejected"]?.text)
        }
    }

    /// Of the texts that TRL tokenized; -1 is no id of any vocabulary.
    private func tokenizer(_ trl: JSON) throws -> PairTokenizer {
        let plain = try #require(trl["ids"]?.array)
        let rendered = try #require(trl["rendered"]?.array)
        return PairTokenizer(
            eos: 1,
            encode: { text, addSpecialTokens in
                (addSpecialTokens ? plain : rendered).first {
                    $0["text"]?.string?.utf8.elementsEqual(text.utf8) == true
                }?["ids"]?.ids ?? [-1]
            }, decode: { $0 == 1 ? Array("</s>".utf8) : [] })
    }

    private func pairs(_ rows: String...) throws -> [PreferencePair] {
        var dataset = PreferenceDataset(vocabulary: 256, tokenizer: .bytes(eos: 36))
        for row in rows { try dataset.append(json: row) }
        return dataset.pairs
    }

    private func pair(
        _ prompt: String, _ chosen: String, _ rejected: String, ends: ([Int], [Int])? = nil
    ) throws -> PreferencePair {
        func ids(_ text: String) -> [Int32] { text.utf8.map { Int32($0) } }
        var pair = try PreferencePair(
            prompt: ids(prompt), chosen: ids(chosen), rejected: ids(rejected))
        try pair.setSegmentEnds(ends.map { ResponsePair(chosen: $0.0, rejected: $0.1) })
        return pair
    }

    @Test func arraysOfTextsAreSegments() throws {
        #expect(
            try pairs(
                #"{"prompt": "p", "chosen": ["ab", "c"], "rejected": ["d", "é", "f"]}"#,
                #"{"prompt": "p", "chosen": ["ab", "c$"], "rejected": "def"}"#,
                #"{"chosen": ["p", "a", "b"], "rejected": ["p", "c"]}"#) == [
                    try pair("p", "abc$", "déf$", ends: ([2, 4], [1, 3, 5])),
                    try pair("p", "abc$", "def$", ends: ([2, 4], [4])),
                    try pair("p", "ab$", "c$", ends: ([1, 3], [2])),
                ])
        let unpaired = try pairs(#"{"prompt": "p", "completion": ["a", "b"], "label": 0}"#)[0]
        #expect(!unpaired.isPaired && unpaired.chosen.isEmpty)
        #expect(unpaired.segmentEnds == ResponsePair(chosen: [], rejected: [1, 3]))
    }

    /// "pab" + "c" + "def": tokens of up to three bytes, which merge across all boundaries.
    @Test func segmentsEndWithTheTokenThatHoldsTheirLastByte() throws {
        // An id is where its token begins, and 100 more at the end of a text.
        let tokenizer = PairTokenizer(
            encode: { text, _ in
                let count = text.utf8.count
                return stride(from: 0, to: count, by: 3).map {
                    Int32($0 + 3 <= count ? $0 : $0 + 100)
                }
            },
            decode: { Array(Array("xyzpabcdef".utf8).dropFirst(Int($0) % 100).prefix(3)) })
        var dataset = PreferenceDataset(vocabulary: 256, tokenizer: tokenizer)
        try dataset.append(
            json: #"{"prompt": "xyzp", "chosen": ["a", "b", "cd", "ef"], "rejected": "abcdef"}"#)
        // Tokens "xyz" | "pab" "cde" "f"; a token of the prompt was lost.
        #expect(dataset.pairs[0].chosen == [3, 6, 109])
        #expect(dataset.pairs[0].segmentEnds == ResponsePair(chosen: [1, 2, 3], rejected: [3]))
    }

    @Test func weightsAreOneAToken() throws {
        let pair = try pairs(
            #"{"prompt": "p", "chosen": "a", "rejected": "b", "rejected_weights": [0.5, -2]}"#)[0]
        #expect(pair.weights == ResponsePair(chosen: [1, 1], rejected: [0.5, -2]))
        let unpaired = try pairs(
            #"{"prompt": "p", "completion": "a", "label": true, "completion_weights": [1, 0]}"#)[0]
        #expect(unpaired.weights == ResponsePair(chosen: [1, 0], rejected: []))
    }

    @Test func nullCountsAsMissing() throws {
        #expect(
            try pairs(#"{"prompt": null, "chosen": "pa", "rejected": "pb", "label": null}"#)
                == [try pair("p", "a$", "b$")])
    }

    @Test(arguments: [
        (#"{"prompt": "p", "completion": "a"}"#, "\"label\" is missing"),
        (#"{"prompt": "p", "completion": "a", "label": "yes"}"#, "\"label\" is not true or false"),
        (#"{"prompt": "p", "label": true}"#, "\"completion\" is missing"),
        (#"{"completion": "p", "label": true}"#, "\"prompt\" is missing"),
        (#"{"prompt": "p", "chosen": [], "rejected": "b"}"#, "\"chosen\" is not a string"),
        (#"{"prompt": "p", "chosen": ["a", 1], "rejected": "b"}"#, "\"chosen\" is not a string"),
        (#"{"prompt": "p", "chosen": ["a", ""], "rejected": "b"}"#, "segment 2 of the chosen"),
        (#"{"prompt": ["p"], "chosen": "a", "rejected": "b"}"#, "\"prompt\" is not a string"),
        (#"{"prompt": "p", "chosen": [{"content": "a"}], "rejected": "b"}"#, "\"chosen\" is not"),
        (
            #"{"prompt": [{"role": "user"}], "chosen": "a", "rejected": "b"}"#,
            "the prompt and the responses are not of one kind"
        ),
        (
            #"{"prompt": "p", "chosen": [{"role": "user"}], "rejected": "b"}"#,
            "the responses are not of one kind"
        ),
        (
            #"{"chosen": [{"role": "user", "content": "a"}], "rejected": [{"role": "user"}]}"#,
            "no message in common"
        ),
        (#"{"chosen": "ab", "rejected": "cb"}"#, "the prompt has no tokens"),
        (#"{"chosen": "", "rejected": "b"}"#, "the chosen response is empty"),
        (
            #"{"prompt": "p", "chosen": "a", "rejected": "b", "chosen_weights": [1]}"#,
            "2 tokens (its EOS token included) and 1 weights"
        ),
        (
            #"{"prompt": "p", "chosen": "a", "rejected": "b", "chosen_weights": ["1", 2]}"#,
            "\"chosen_weights\" is not an array of numbers"
        ),
        (
            #"{"prompt": "p", "chosen": "a", "rejected": "b", "chosen_weights": [1, 1e300]}"#,
            "not a number"
        ),
        (
            #"{"prompt": [{"role": "user"}], "completion": [{"role": "a"}], "label": true}"#,
            "no chat template"
        ),
        (#"{"prompt": "p"} x"#, "the row is not valid JSON"),
    ])
    func refuses(_ row: String, _ message: String) {
        let error = #expect(throws: ADPOError.self) { try pairs(row) }
        #expect(error?.message.contains(message) == true, "\(String(describing: error))")
    }

    /// Whatever a row holds, it is refused or becomes a pair whose parts fit together.
    @Test func anyRowIsReadOrRefused() throws {
        var random = RandomGenerator(seed: 7, stream: 0)
        func pick<Value>(_ values: [Value]) -> Value {
            values[Int(random.next() % UInt64(values.count))]
        }
        func value(_ depth: Int) -> JSON {
            if depth == 0, random.next() % 2 == 0 { return .string(pick(["a", "bc", "a c"])) }
            return switch random.next() % (depth > 2 ? 6 : 9) {
            case 0: .null
            case 1: .bool(random.next() % 2 == 0)
            case 2: .integer(pick([0, 1, -1, .max, .min]))
            case 3: .double(pick([0.5, 1e300, -0.0]))
            case 4, 5: .string(pick(["", "a", "a b", "$", "ab\nc", "\u{0}é"]))
            case 6: .array((0..<pick([0, 1, 2, 3])).map { _ in value(depth + 1) })
            case 7:
                .array((0..<pick([1, 2, 3])).map { _ in .string(pick(["a", "b ", "$", "é"])) })
            default: .object([("role", .string("user")), ("content", value(depth + 1))])
            }
        }
        let keys = [
            "prompt", "chosen", "rejected", "completion", "label", "chosen_weights",
            "rejected_weights", "completion_weights", "tools", "chat_template_kwargs",
        ]
        var dataset = PreferenceDataset(vocabulary: 256, tokenizer: .bytes(bos: 94, eos: 36))
        dataset.renderChat = { (conversation, _) in conversation.text }
        var refused = 0
        for _ in 0..<20_000 {
            let members = keys.filter { _ in random.next() % 2 == 0 }.map { ($0, value(0)) }
            do {
                try dataset.append(json: JSON.object(members.map { (key: $0.0, value: $0.1) }).text)
            } catch {
                refused += 1
            }
        }
        #expect(refused + dataset.pairs.count == 20_000)
        #expect(dataset.pairs.count > 100)
        #expect(dataset.lostPrompts.count == dataset.pairs.count)
        for pair in dataset.pairs {
            #expect(!pair.prompt.isEmpty && !(pair.chosen.isEmpty && pair.rejected.isEmpty))
            var copy = pair
            try copy.setSegmentEnds(pair.segmentEnds)
            try copy.setWeights(pair.weights)
        }
    }
}
