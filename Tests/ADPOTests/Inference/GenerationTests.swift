import ADPO
import ADPOBase
import TestSupport
import Testing

struct GenerationTests {
    private func session() throws -> Session {
        try Session(model: Model(path: Fixture.path("Fixtures/models/llama-f32")))
    }

    /// Token by token with a cache gives what the whole text gives at once.
    @Test func greedyFollowsTheLogits() throws {
        let session = try session()
        let prompt: [Int32] = [5, 6, 7, 8]
        var configuration = GenerationConfiguration()
        configuration.maxTokens = 12
        let generated = try session.generate(prompt: prompt, configuration)
        #expect(!generated.isEmpty)
        let text = prompt + generated.map(\.id)
        let vocabulary = session.model.info.vocabulary
        let logits = try session.logits(text)
        for (index, token) in generated.enumerated() {
            let start = (prompt.count + index - 1) * vocabulary
            let row = logits[start..<start + vocabulary]
            #expect(row.max() == row[start + Int(token.id)])
        }
        let scores = try session.score(text).suffix(generated.count)
        expectClose(generated.map(\.logProb), Array(scores), absolute: 1e-4)
    }

    /// Each token's text is whole characters, and all of them are what follows the prompt.
    @Test func tokensBringTheirText() throws {
        let session = try session()
        var configuration = GenerationConfiguration()
        configuration.maxTokens = 40
        configuration.temperature = 2
        for seed in 0..<8 {
            configuration.seed = UInt64(seed)
            let generated = try session.generate(prompt: [3], configuration)
            let bytes = session.model.tokenizer.decode(
                generated.map(\.id), skipSpecialTokens: true, continuesText: true)
            #expect(generated.map(\.text).joined() == String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test func theSameSeedGivesTheSameText() throws {
        let session = try session()
        var configuration = GenerationConfiguration()
        configuration.maxTokens = 20
        configuration.temperature = 1
        let first = try session.generate(prompt: [3], configuration)
        #expect(try session.generate(prompt: [3], configuration) == first)
        configuration.seed = 1
        #expect(try session.generate(prompt: [3], configuration) != first)
    }

    /// The shares of 4,000 sampled tokens agree with softmax(logits / temperature).
    @Test func samplesFromTheDistribution() throws {
        let session = try session()
        var configuration = GenerationConfiguration()
        configuration.maxTokens = 1
        configuration.temperature = 2
        var counts: [Int32: Int] = [:]
        for seed in 0..<4000 {
            configuration.seed = UInt64(seed)
            let token = try #require(session.generate(prompt: [9, 4], configuration).first)
            counts[token.id, default: 0] += 1
        }
        let logits = try session.logits([9, 4]).suffix(session.model.info.vocabulary)
        let weights = logits.map { Double($0) / 2 }.map { exp($0) }
        let total = weights.reduce(0, +)
        let distance = weights.enumerated().reduce(0) { sum, entry in
            sum + abs(entry.element / total - Double(counts[Int32(entry.offset)] ?? 0) / 4000)
        }
        // Sampling noise alone gives about 0.15; another temperature gives above 0.4.
        #expect(distance / 2 < 0.2)
    }

    @Test func stopsWhenToldTo() throws {
        let session = try session()
        var seen = 0
        let generated = try session.generate(prompt: [5, 6, 7, 8]) { _ in
            seen += 1
            return seen < 3
        }
        #expect(generated.count == 3)
    }

    @Test(arguments: [-1, Float.nan, .infinity])
    func refusesATemperature(_ temperature: Float) throws {
        var configuration = GenerationConfiguration()
        configuration.temperature = temperature
        #expect(throws: ADPOError.self) { try session().generate(prompt: [1], configuration) }
    }
}
