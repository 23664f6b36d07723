import ADPO
import ADPOBase
import TestSupport
import Testing

struct InspectionTests {
    private static let model = try? Model(path: Fixture.path("Fixtures/models/llama-f32"))

    private func inspect(
        _ dataset: PreferenceDataset, _ granularity: Granularity = .response, maxLength: Int = 100,
        examples: Int = 3
    ) throws -> Inspection {
        var configuration = TrainerConfiguration()
        configuration.objective.granularity = granularity
        configuration.maxLength = maxLength
        return try dataset.inspect(
            model: try #require(Self.model), configuration: configuration, examples: examples,
            measuresTime: false)
    }

    /// Bytes are tokens; "^" is BOS, "$" is EOS.
    private func dataset(_ rows: [String], bos: Int32? = nil) throws -> PreferenceDataset {
        var dataset = PreferenceDataset(
            vocabulary: 320, tokenizer: .bytes(bos: bos, eos: 36))
        for row in rows {
            let parts = row.split(separator: "|", omittingEmptySubsequences: false)
            let ids = parts.map { $0.utf8.map { Int32($0) } }
            try dataset.append(PreferencePair(prompt: ids[0], chosen: ids[1], rejected: ids[2]))
        }
        return dataset
    }

    private func text(_ response: Inspection.Response) -> [String] {
        response.segments.map { $0.map(\.text).joined() }
    }

    @Test func showsWhatIsScored() throws {
        var dataset = try dataset(["p|a\nb$|c\nd\ne$", "p|a$|b$", "p|a$|c$"])
        try dataset.setWeights(
            ResponsePair(chosen: [1, 1, 1, 1], rejected: [1, 1, 0.5, 1, 1, 0]), ofPair: 0)
        let inspection = try inspect(dataset, .lines, examples: 2)
        #expect(inspection.examples.count == 2)
        let example = inspection.examples[0]
        #expect(example.prompt.map(\.text) == ["p"] && example.pair == 0)
        #expect(text(example.chosen) == ["a\n", "b$"])
        // The third line joins the second: the other response has two.
        #expect(text(example.rejected) == ["c\n", "d\ne$"])
        #expect(example.rejected.segments[1].map(\.weight) == [0.5, 1, 1, 0])
        #expect(example.chosen.segments[0].map(\.id) == [97, 10])
        #expect(inspection.segments == .init([2, 1, 1]))
        #expect(inspection.segments.maximum == 2 && inspection.segments.mean == 4 / 3.0)
        #expect(inspection.chosenTokens == .init([4, 2, 2]))
        #expect(inspection.warnings.isEmpty)
        #expect(inspection.time == nil)
    }

    @Test func showsPaddedSegments() throws {
        let example = try inspect(dataset(["p|abc$|d$"]), .static(2)).examples[0]
        #expect(text(example.chosen) == ["ab", "c$"])
        #expect(text(example.rejected) == ["d$", ""])
    }

    @Test func tellsWhatTruncationRemoves() throws {
        let dataset = try dataset(["pp|abcdé$|b$", "pppp|a$|b$", "p|a$|b$"])
        let inspection = try inspect(dataset, maxLength: 4)
        #expect(inspection.pairs == 3 && inspection.dropped == 1 && inspection.truncated == 1)
        #expect(inspection.removedTokens == 5)
        #expect(inspection.examples.map(\.pair) == [0, 2])
        #expect(inspection.examples[0].chosen.removed == "cdé$")
        #expect(text(inspection.examples[0].chosen) == ["ab"])
        #expect(inspection.examples[0].rejected.removed.isEmpty)
        let found = inspection.warnings.map { ($0.kind, $0.pairs) }
        #expect(found.map(\.0) == [.dropped, .truncated])
        #expect(found.map(\.1) == [[1], [0]])
    }

    /// For kto a pair is two rows, each of which lacks what the other has.
    @Test func tellsWhatKTOSees() throws {
        var configuration = TrainerConfiguration()
        configuration.objective.loss = .kto
        configuration.maxLength = 4
        let inspection = try dataset(["p|abcd$|e$", "p|a$|b$"]).inspect(
            model: try #require(Self.model), configuration: configuration, measuresTime: false)
        #expect(inspection.truncated == 1 && inspection.removedTokens == 2)
        #expect(inspection.warnings.map(\.kind) == [.truncated])
        #expect(inspection.warnings.map(\.pairs) == [[0]])
        #expect(inspection.chosenTokens == .init([3, 2]))
        #expect(inspection.rejectedTokens == .init([2, 2]))
        #expect(inspection.examples.map(\.pair) == [0, 0, 1])
        #expect(inspection.examples.map(\.chosen.removed) == ["d$", "", ""])
        #expect(inspection.examples.allSatisfy { $0.rejected.removed.isEmpty })
    }

    /// A character of two tokens is the text of the second, also across the boundary of segments.
    @Test func showsWholeCharacters() throws {
        let example = try inspect(dataset(["p|é汉$|\u{1F600}$"]), .token).examples[0]
        #expect(text(example.chosen) == ["", "é", "", "", "汉", "$"])
        #expect(text(example.rejected) == ["", "", "", "\u{1F600}", "$", ""])
        let cut = try inspect(dataset(["p|é$|a$"]), .token, maxLength: 2).examples[0]
        #expect(text(cut.chosen) == ["\u{FFFD}"])
    }

    @Test(
        arguments: [
            ("^p|a$|b$", []),
            ("p|a$|b$", [.missingBOS]),
            ("^^p|a$|b$", [.doubledBOS]),
            ("^p|a|b$", [.missingEOS]),
            ("^p|a$\n|b$\n", []),
            ("^p|a$$|b$", [.doubledEOS]),
            ("^p|a$b$|b$", []),
            ("^p|a$|a$", [.identical]),
            ("^q|a$|b$", [.duplicate]),
            ("^q|b$|a$", [.contradiction]),
        ] as [(String, [Inspection.Warning.Kind])])
    func warns(_ row: String, _ kinds: [Inspection.Warning.Kind]) throws {
        let inspection = try inspect(dataset(["^q|a$|b$", row], bos: 94))
        #expect(inspection.warnings.map(\.kind) == kinds)
        #expect(inspection.warnings.allSatisfy { $0.pairs == [1] && !$0.message.isEmpty })
    }

    /// Responses that differ only in what truncation removes.
    @Test func warnsOfPairsThatBecomeIdentical() throws {
        let inspection = try inspect(dataset(["p|ab$|ac$"]), maxLength: 2)
        #expect(inspection.warnings.map(\.kind) == [.identical, .truncated])
    }

    @Test func warnsOfTokensThatMergeAcrossTheBoundary() throws {
        let model = try #require(Self.model)
        var dataset = PreferenceDataset(model: model)
        try dataset.append(TextPair(prompt: "Say hello", chosen: ". Yes", rejected: ". No"))
        try dataset.append(TextPair(prompt: "A riv", chosen: "er.", rejected: " no"))
        let inspection = try inspect(dataset)
        let warning = try #require(inspection.warnings.first { $0.kind == .boundary })
        #expect(warning.pairs == [1])
        #expect(warning.message.contains("\" riv\""), "\(warning.message)")
    }

    @Test func warnsOfTextsBeyondTheContext() throws {
        let context = try #require(Self.model).info.context
        let long = String(repeating: "a", count: context)
        let inspection = try inspect(
            dataset(["p|\(long)$|b$", "p|a$|b$"]), maxLength: context + 10)
        #expect(inspection.warnings.map(\.kind) == [.beyondContext])
    }

    @Test func estimatesMemoryAndTime() throws {
        let model = try #require(Self.model)
        var dataset = PreferenceDataset(model: model)
        try dataset.append(jsonLines: Fixture.path("Fixtures/pairs.jsonl"))
        var configuration = TrainerConfiguration()
        configuration.epochs = 3
        let inspection = try dataset.inspect(
            model: model, configuration: configuration, examples: 0)
        let trainer = try Trainer(model: model, configuration: configuration, pairs: dataset)
        let memory = inspection.memory
        #expect(memory.parameters == 4 * trainer.parameterCount)
        #expect(memory.gradients == memory.parameters)
        #expect(memory.optimizer == 2 * memory.parameters)
        #expect(memory.weights == model.info.weightBytes)
        #expect(memory.activations > 0 && memory.references > 0)
        let time = try #require(inspection.time)
        #expect(time.measured > 0 && time.measuredTokens > 0)
        #expect(time.run >= time.epoch * 3 && time.reference > 0)
        #expect(inspection.examples.isEmpty)
    }

    /// The estimate takes the pairs as they are: also one too long for a sample.
    @Test func estimatesTheTimeOfLongPairs() throws {
        let model = try #require(Self.model)
        let ids = [Int32](repeating: 5, count: 700)
        var dataset = PreferenceDataset(model: model)
        try dataset.append(PreferencePair(prompt: ids, chosen: ids, rejected: [1]))
        var configuration = TrainerConfiguration()
        configuration.maxLength = 2000
        let time = try #require(
            try dataset.inspect(model: model, configuration: configuration).time)
        #expect(time.measuredTokens <= 512)
        #expect(time.epoch > time.measured)
    }

    /// The time is told of what a run would refuse, or could not begin with.
    @Test func estimatesTheTimeOfAnyPairs() throws {
        let model = try #require(Self.model)
        let long = [Int32](repeating: 5, count: 700)
        var dataset = PreferenceDataset(model: model)
        // What a sample takes of these two is equal.
        try dataset.append(
            PreferencePair(prompt: [1], chosen: long + [1], rejected: long + [2]))
        var configuration = TrainerConfiguration()
        configuration.maxLength = 2000
        configuration.batchSize = 2
        for loss in [Loss.sigmoid, .kto, .sft] {
            configuration.objective.loss = loss
            let time = try #require(
                try dataset.inspect(model: model, configuration: configuration).time)
            #expect(time.measured > 0)
            #expect((time.reference > 0) == configuration.objective.needsReference)
        }
    }

    @Test func refusesWhatMakesNoSense() throws {
        let empty = PreferenceDataset(vocabulary: 320)
        for (dataset, granularity, maxLength, message) in [
            (empty, .response, 10, "there are no pairs"),
            (try dataset(["ppp|a$|b$"]), .response, 3, "no pair is left"),
            (try dataset(["p|a$|b$"]), .custom, 10, "no segments"),
            (try dataset(["p|a$|b$"]), .static(0), 10, "at least 1"),
            (try dataset(["p|a$|b$"]), .response, 0, "maximum length"),
            (PreferenceDataset(vocabulary: 5), .response, 10, "another vocabulary"),
        ] as [(PreferenceDataset, Granularity, Int, String)] {
            let error = #expect(throws: ADPOError.self) {
                try inspect(dataset, granularity, maxLength: maxLength)
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        }
    }
}
