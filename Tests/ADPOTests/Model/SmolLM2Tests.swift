import ADPO
import ADPOBase
import TestSupport
import Testing

/// A real model, SmolLM2-135M-Instruct in Q4_1, against transformers on its decoded weights.
///
/// `make test` fetches it and names its path in ADPO_SMOLLM2.
@Suite(.enabled(if: getenv("ADPO_SMOLLM2") != nil, "run by `make test`, which fetches the model"))
struct SmolLM2Tests {
    private func model() throws -> Model {
        try Model(path: String(cString: #require(getenv("ADPO_SMOLLM2"))))
    }

    @Test func describesItself() throws {
        let info = try model().info
        #expect(info.family == "llama")
        #expect(info.encoding == "Q4_1")
        #expect(info.layers == 30)
        #expect(info.vocabulary == 49152)
        #expect(info.parameters == 134_515_008)
    }

    @Test func tokenizesLikeTokenizers() throws {
        let tokenizer = try model().tokenizer
        for sample in try TokenizerGolden.samples("smollm2", in: "smollm2_tokens.json") {
            #expect(tokenizer.encode(sample.text) == sample.ids, "\(sample.name)")
            #expect(
                tokenizer.encode(sample.text, parseSpecialTokens: false) == sample.plain,
                "\(sample.name)")
        }
    }

    @Test func rendersItsChatTemplate() throws {
        let text = try model().renderChat([ChatMessage(role: "user", content: "Hi.")])
        #expect(
            text == """
                <|im_start|>system
                You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
                <|im_start|>user
                Hi.<|im_end|>
                <|im_start|>assistant

                """)
    }

    @Test func scoresLikeTransformers() throws {
        let session = try Session(model: model())
        let texts = try #require(golden("smollm2.json")["texts"]?.array)
        #expect(texts.count == 3)
        for text in texts {
            let tokens = session.model.tokenizer.encode(try #require(text["text"]?.string))
            #expect(tokens == text["tokens"]?.ids)
            expectClose(
                try session.score(tokens), try #require(text["logprobs"]).floats, absolute: 2e-4,
                text["name"]?.string ?? "")
        }
    }

    /// Rounding to bf16 moves log-probs in the second decimal, and nothing more.
    @Test func bf16IsClose() throws {
        let model = try model()
        let exact = try Session(model: model)
        let rounded = try Session(model: model, dtype: .bf16)
        for text in try #require(golden("smollm2.json")["texts"]?.array) {
            let tokens = try #require(text["tokens"]).ids
            let differences = try zip(exact.score(tokens), rounded.score(tokens)).dropFirst()
                .map { abs($0 - $1) }
            #expect(differences.reduce(0, +) / Float(differences.count) < 0.03)
            #expect((differences.max() ?? .nan) < 0.3)
            #expect(rounded.dtype == .f32 || differences.contains { $0 > 0 })
        }
    }

    @Test func generatesLikeTransformers() throws {
        let session = try Session(model: model())
        let golden = try golden("smollm2.json")
        let prompt = session.model.tokenizer.encode(try #require(golden["prompt_text"]?.string))
        #expect(prompt == golden["prompt"]?.ids)
        let expected = try #require(golden["generated"]).ids
        var configuration = GenerationConfiguration()
        configuration.maxTokens = expected.count
        #expect(try session.generate(prompt: prompt, configuration).map(\.id) == expected)
    }

    /// As a directory made from the GGUF file, tokenizer included, and as a GGUF file from that.
    @Test func survivesTheWayToADirectoryAndBack() throws {
        let model = try model()
        let golden = try golden("smollm2.json")
        try withTemporaryDirectory { directory in
            let paths = [directory + "/model", directory + "/model.gguf"]
            let first = try model.export(to: paths[0], encoding: "F16")
            #expect(first.meanDifference < 0.01)
            let second = try Model(path: paths[0]).export(to: paths[1], encoding: "Q8_0")
            #expect(second.meanDifference < 0.2)
            for (path, tolerance) in zip(paths, [Float(0.1), 1]) {
                let session = try Session(model: Model(path: path))
                for text in try #require(golden["texts"]?.array) {
                    expectClose(
                        try session.score(try #require(text["tokens"]).ids),
                        try #require(text["logprobs"]).floats, absolute: tolerance)
                }
                let tokenizer = session.model.tokenizer
                for sample in try TokenizerGolden.samples("smollm2", in: "smollm2_tokens.json") {
                    #expect(tokenizer.encode(sample.text) == sample.ids, "\(sample.name)")
                }
            }
        }
    }
}
