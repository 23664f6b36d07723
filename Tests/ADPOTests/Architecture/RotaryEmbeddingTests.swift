import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// What files say of rotary embeddings, besides what the tiny models do.
struct RotaryEmbeddingTests {
    private typealias Keys = [(key: String, value: GGUFNewValue)]

    /// From metadata below "llama.", for heads of 4.
    private func rotary(_ keys: Keys, divisors: TensorView? = nil) throws -> RotaryEmbedding {
        try withTemporaryDirectory { directory in
            var writer = GGUFWriter()
            for (key, value) in keys { writer.set("llama.\(key)", value) }
            let path = directory + "/head.gguf"
            try writer.write([], to: path) { (_, _) throws(ADPOError) in }
            let metadata = try GGUFFile(path: path).metadata
            return try RotaryEmbedding(
                gguf: Configuration(metadata, prefix: "llama", source: "head.gguf"), headWidth: 4,
                tensors: { $0 == "rope_freqs.weight" ? divisors : nil })
        }
    }

    /// llama.cpp scales linearly where no type is named, also by a key of old files, and not at all
    /// where the type is none.
    @Test func scalesAsLlamaCpp() throws {
        let plain: [Float] = [1, 0.01]
        let half = plain.map { $0 / 2 }
        let factor = ("rope.scaling.factor", GGUFNewValue.float32(2))
        let old = ("rope.scale_linear", GGUFNewValue.float32(2))
        func type(_ name: String) -> (String, GGUFNewValue) { ("rope.scaling.type", .text(name)) }
        for (keys, expected): (Keys, [Float]) in [
            ([], plain), ([factor], half), ([old], half), ([type("linear"), factor], half),
            ([type("none"), factor], plain), ([type("linear")], plain),
        ] {
            #expect(try rotary(keys).frequencies(length: 9) == expected, "\(keys)")
        }
    }

    @Test func yarnBeginsAtTheContext() throws {
        let keys: Keys = [
            ("rope.scaling.type", .text("yarn")), ("rope.scaling.factor", .float32(4)),
        ]
        let original: Keys = [
            ("context_length", .count(256)), ("rope.scaling.original_context_length", .count(64)),
        ]
        #expect(
            try rotary(keys + [("context_length", .count(64))]).frequencies(length: 9)
                == rotary(keys + original).frequencies(length: 9))
        #expect(throws: ADPOError.self) { try rotary(keys) }
    }

    /// What is computed from both is not what either says.
    @Test func refusesDivisorsWithAScaling() throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-rope-llama3.gguf"))
        let divisors = try model.file.tensor("rope_freqs.weight")
        let error = #expect(throws: ADPOError.self) {
            try rotary([("rope.scaling.factor", .float32(2))], divisors: divisors)
        }
        #expect(error?.code == .unsupported)
    }

    /// transformers 5 writes rope_parameters, earlier ones rope_scaling; null is nothing.
    @Test func aNullIsNoConfiguration() throws {
        let json = try JSON(
            #"{"rope_parameters": null, "rope_scaling": {"type": "linear", "factor": 2}}"#,
            source: "config.json")
        let rotary = try RotaryEmbedding(
            huggingFace: json, headWidth: 4, context: 64, source: "config.json")
        #expect(rotary.frequencies(length: 9) == [0.5, 0.005])
    }
}
