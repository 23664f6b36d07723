import ADPO
import ADPOBase
import TestSupport
import Testing

/// What a model's file says of it; the values are those that gguf-py and Python's json read.
struct MetadataTests {
    @Test(arguments: [
        ("general.name", #""llama-f32""#), ("llama.block_count", "3"),
        ("llama.rope.freq_base", "10000.0"),
        ("llama.attention.layer_norm_rms_epsilon", "9.999999747378752e-06"),
        ("tokenizer.ggml.add_bos_token", "false"),
    ])
    func givesValuesOfGGUF(key: String, value: String) throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32.gguf"))
        #expect(try model.metadata(key) == value)
        let all = try JSON(model.metadata(), source: "metadata")
        #expect(all[key]?.text == value)
        #expect(all.members?.count == 29)
        #expect(all["tokenizer.ggml.tokens"]?.array?.count == 320)
        #expect(all["tokenizer.ggml.token_type"]?.array?.count == 320)
    }

    @Test func givesValuesOfConfigJSON() throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        #expect(try model.metadata("architectures") == #"["LlamaForCausalLM"]"#)
        #expect(try model.metadata("rms_norm_eps") == "1e-05")
        let all = try JSON(model.metadata(), source: "metadata")
        #expect(all["rope_parameters"]?["rope_theta"]?.double == 10000)
    }

    /// Keys are bytes: one that is only canonically equivalent is another.
    @Test(
        arguments: ["llama-f32", "llama-f32.gguf"], ["", "nonsense", "general.nam\u{65}\u{301}"])
    func missesOtherKeys(name: String, key: String) throws {
        let model = try Model(path: Fixture.path("Fixtures/models/\(name)"))
        #expect { try model.metadata(key) } throws: { ($0 as? ADPOError)?.code == .notFound }
    }
}
