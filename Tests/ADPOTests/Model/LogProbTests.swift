import ADPO
import ADPOBase
import TestSupport
import Testing

/// Log-probs and logits of every tiny model, against transformers in f32 on the same weights.
struct LogProbTests {
    static let models = [
        "llama-f32", "llama-tied-bf16", "llama-f16-sharded", "llama-bias", "llama-rope-linear",
        "llama-rope-dynamic", "llama-rope-llama3", "llama-rope-yarn", "llama-f32.gguf",
        "llama-f16.gguf", "llama-bf16.gguf", "llama-q4_0.gguf", "llama-q4_1.gguf",
        "llama-q8_0.gguf", "llama-wide-q4_k.gguf", "llama-wide-q6_k.gguf", "llama-rope-llama3.gguf",
        "llama-wide-iq4_xs.gguf", "llama-wide-q2_k.gguf",
    ]

    @Test(arguments: models)
    func equalsTransformers(_ name: String) throws {
        let session = try Session(model: Model(path: Fixture.path("Fixtures/models/\(name)")))
        try expectGolden("models/\(name).json", session)
    }

    /// Folders whose weights are quantized as hubs have them (Golden/make_quantized.py).
    @Test(arguments: ["fp8-blocks", "fp8-rows", "fp8-tensors", "int8", "int4", "mlx"])
    func decodesQuantizedFolders(_ name: String) throws {
        let model = try Model(path: Fixture.path("Fixtures/quantized/\(name)"))
        try expectGolden("quantized/\(name).json", Session(model: model))
        // What is written says no more that it is quantized.
        try withTemporaryDirectory { directory in
            let report = try model.export(to: directory + "/copy")
            #expect(report.maxDifference == 0)
            let copy = try Model(path: directory + "/copy")
            #expect(copy.info.encoding == model.info.encoding)
            #expect(copy.info.weightBytes == model.info.weightBytes)
        }
    }

    @Test(arguments: [
        "llama-f32-lora", "llama-f32-rslora", "llama-bias-lora", "llama-f32-partial",
        "llama-f32-dora", "llama-bias-dora", "llama-f32-patterns",
    ])
    func withAdapterEqualsPEFT(_ name: String) throws {
        let golden = try golden("adapters/\(name).json")
        let modelPath = try #require(golden["model"]?.string)
        let session = try Session(model: Model(path: Fixture.path("Fixtures/\(modelPath)")))
        let path = Fixture.path("Fixtures/adapters/\(name)")
        try session.setAdapter(Adapter(model: session.model, path: path))
        try expectGolden("adapters/\(name).json", session)
    }

    private func expectGolden(_ name: String, _ session: Session) throws {
        let sequences = try #require(try golden(name)["sequences"]?.array)
        #expect(!sequences.isEmpty)
        for sequence in sequences {
            let tokens = try #require(sequence["tokens"]).ids
            let expected = try #require(sequence["logprobs"]).floats
            expectClose(try session.score(tokens), expected, absolute: 2e-4, name)
            let logits = try session.logits(tokens)
            let last = Array(logits.suffix(session.model.info.vocabulary))
            expectClose(last, try #require(sequence["logits"]).floats, absolute: 2e-4, name)
        }
    }

    /// The prompt is computed once, but the numbers are those of each text by itself.
    @Test func completionsShareTheirPrompt() throws {
        let session = try Session(model: Model(path: Fixture.path("Fixtures/models/llama-f32")))
        let prompt: [Int32] = [5, 6, 7, 8, 9]
        let completions: [[Int32]] = [[10, 11, 12], [], [13], Array(40..<120)]
        let scores = try session.score(prompt: prompt, completions: completions)
        for (completion, logProbs) in zip(completions, scores) {
            let alone = try session.score(prompt + completion).suffix(completion.count)
            expectClose(logProbs, Array(alone), absolute: 1e-5)
        }
    }

    @Test func refusesIdsOutOfRange() throws {
        let session = try Session(model: Model(path: Fixture.path("Fixtures/models/llama-f32")))
        for bad: Int32 in [-1, 320, .max, .min] {
            #expect(throws: ADPOError.self) { try session.score([1, bad]) }
            #expect(throws: ADPOError.self) { try session.logits([bad]) }
            #expect(throws: ADPOError.self) {
                try session.score(prompt: [1], completions: [[2], [bad]])
            }
            #expect(throws: ADPOError.self) { try session.generate(prompt: [bad]) }
        }
        #expect(throws: ADPOError.self) { try session.score(prompt: [], completions: [[2]]) }
    }
}
