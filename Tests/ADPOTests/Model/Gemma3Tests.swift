import ADPO
import ADPOBase
import TestSupport
import Testing

/// A real model, Gemma 3 270M in Q4_K_M, against transformers on its decoded weights: Q5_0, Q8_0, Q4_K and
/// Q6_K in one file, windows, two rotary embeddings, a vocabulary of 262,144 tokens.
///
/// `make test` fetches it and names its path in ADPO_GEMMA3.
@Suite(.enabled(if: getenv("ADPO_GEMMA3") != nil, "run by `make test`, which fetches the model"))
struct Gemma3Tests {
    private func session() throws -> Session {
        try Session(model: Model(path: String(cString: #require(getenv("ADPO_GEMMA3")))))
    }

    @Test func describesItself() throws {
        let info = try session().model.info
        #expect(info.family == "gemma3_text")
        #expect(info.layers == 18)
        #expect(info.vocabulary == 262_144)
        #expect(info.context == 32768)
    }

    /// One of the texts is longer than the window of 512 tokens.
    @Test func scoresLikeTransformers() throws {
        let session = try session()
        let texts = try #require(golden("gemma3_270m.json")["texts"]?.array)
        #expect(texts.count == 4)
        for text in texts {
            let tokens = session.model.tokenizer.encode(try #require(text["text"]?.string))
            #expect(tokens == text["tokens"]?.ids)
            expectClose(
                try session.score(tokens), try #require(text["logprobs"]).floats, absolute: 1e-3,
                text["name"]?.string ?? "")
        }
    }

    @Test func generatesLikeTransformers() throws {
        let session = try session()
        let golden = try golden("gemma3_270m.json")
        let prompt = session.model.tokenizer.encode(try #require(golden["prompt_text"]?.string))
        #expect(prompt == golden["prompt"]?.ids)
        let expected = try #require(golden["generated"]).ids
        var configuration = GenerationConfiguration()
        configuration.maxTokens = expected.count
        let generated = try session.generate(prompt: prompt, configuration)
        #expect(generated.map(\.id) == expected)
        #expect(generated.map(\.text).joined() == golden["generated_text"]?.string)
    }

    /// What generation with the cache says past the window is what scoring says.
    @Test func generatesPastItsWindow() throws {
        let session = try session()
        let texts = try #require(golden("gemma3_270m.json")["texts"]?.array)
        let prompt = Array(texts.compactMap { $0["tokens"]?.ids }.joined().prefix(500))
        var configuration = GenerationConfiguration()
        configuration.maxTokens = 40
        configuration.temperature = 1
        let generated = try session.generate(prompt: prompt, configuration)
        #expect(generated.count > 13)
        let scores = try session.score(prompt + generated.map(\.id)).suffix(generated.count)
        expectClose(generated.map(\.logProb), Array(scores), absolute: 1e-3)
    }

    /// A few updates on plain text lower the loss.
    @Test func isTuned() throws {
        let model = try session().model
        var pairs = PreferenceDataset(model: model)
        try pairs.append(jsonLines: Fixture.path("../examples/data/preferences.jsonl"))
        var configuration = TrainerConfiguration()
        configuration.objective.granularity = .adaptive(4)
        configuration.learningRate = 2e-4
        configuration.shuffles = false
        configuration.dtype = .auto
        let trainer = try Trainer(model: model, configuration: configuration, pairs: pairs)
        var losses: [Double] = []
        for _ in 0..<4 { losses.append(try #require(try trainer.step()).loss) }
        #expect(losses[3] < losses[0])
    }
}
