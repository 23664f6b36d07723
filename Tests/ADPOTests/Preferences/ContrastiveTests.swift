import ADPO
import ADPOBase
import TestSupport
import Testing

struct ContrastiveTests {
    private func dataset(_ golden: JSON) throws -> (PreferenceDataset, Adapter, Adapter) {
        let model = try Model(
            path: Fixture.path("Fixtures/\(try #require(golden["model"]?.string))"))
        var dataset = PreferenceDataset(model: model)
        for pair in try #require(golden["pairs"]?.array) {
            try dataset.append(
                PreferencePair(
                    prompt: try #require(pair["prompt"]).ids,
                    chosen: try #require(pair["chosen"]).ids,
                    rejected: try #require(pair["rejected"]).ids))
        }
        func adapter(_ key: String) throws -> Adapter {
            try Adapter(
                model: model, path: Fixture.path("Fixtures/\(try #require(golden[key]?.string))"))
        }
        return (dataset, try adapter("positive"), try adapter("negative"))
    }

    /// Of PyTorch and peft; see make_contrastive.py.
    @Test func equalsPyTorch() throws {
        let golden = try golden("contrastive.json")
        var (dataset, positive, negative) = try dataset(golden)
        let cases = try #require(golden["cases"]?.array)
        #expect(cases.count == 3)
        for expected in cases {
            try dataset.weighContrastively(
                positive: positive, negative: negative, b: try #require(expected["b"]?.double))
            let weights = try #require(expected["weights"]?.array)
            #expect(weights.count == dataset.pairs.count)
            for (pair, weights) in zip(dataset.pairs, weights) {
                let own = try #require(pair.weights)
                #expect(own.chosen.allSatisfy { $0 == 1 } && own.chosen.count == pair.chosen.count)
                let numbers = try #require(weights.array).compactMap(\.double)
                #expect(own.rejected.count == numbers.count)
                for (own, number) in zip(own.rejected, numbers) {
                    // Logits agree to some 1e-6, and b = 1 takes three of them.
                    #expect(abs(Double(own) - number) < 1e-5)
                }
            }
            // The golden is not about tokens that hardly weigh less than 1.
            #expect(dataset.pairs[1].weights?.rejected.contains { $0 < 0.7 } == true)
        }
    }

    /// Of one model for both, the estimate is that model's probability, whatever b.
    @Test func equalModelsCancel() throws {
        var (dataset, positive, _) = try dataset(golden("contrastive.json"))
        try dataset.weighContrastively(positive: positive, negative: positive, b: 3)
        let session = try Session(model: positive.model)
        try session.setAdapter(positive)
        for pair in dataset.pairs {
            let logProbs = try session.score(prompt: pair.prompt, completions: [pair.rejected])[0]
            for (weight, logProb) in zip(pair.weights?.rejected ?? [], logProbs) {
                #expect(abs(Double(weight) - (1 - exp(Double(logProb)))) < 1e-5)
            }
        }
    }

    @Test func weighsUnpairedRows() throws {
        let (_, positive, negative) = try dataset(golden("contrastive.json"))
        var dataset = PreferenceDataset(model: positive.model)
        try dataset.append(PreferencePair(prompt: [1], completion: [2, 3], isDesirable: true))
        try dataset.append(PreferencePair(prompt: [1], completion: [2, 3], isDesirable: false))
        try dataset.weighContrastively(positive: positive, negative: negative)
        #expect(dataset.pairs[0].weights == ResponsePair(chosen: [1, 1], rejected: []))
        #expect(dataset.pairs[1].weights?.rejected.count == 2)
        #expect(dataset.pairs[1].weights?.chosen == [])
    }

    @Test func refusesWhatMakesNoSense() throws {
        var (dataset, positive, negative) = try dataset(golden("contrastive.json"))
        let before = dataset.pairs
        for b in [-1, .nan, .infinity, 1e300] as [Double] {
            let error = #expect(throws: ADPOError.self) {
                try dataset.weighContrastively(positive: positive, negative: negative, b: b)
            }
            #expect(error?.code == .invalidArgument, "\(String(describing: error))")
        }
        let (_, other, _) = try self.dataset(golden("contrastive.json"))
        let error = #expect(throws: ADPOError.self) {
            try dataset.weighContrastively(positive: positive, negative: other)
        }
        #expect(error?.message.contains("another model") == true)
        var foreign = PreferenceDataset(vocabulary: 5)
        #expect(throws: ADPOError.self) {
            try foreign.weighContrastively(positive: positive, negative: negative)
        }
        #expect(dataset.pairs == before)
    }
}
