import ADPO
import ADPOBase
import ADPOTensor
import FoundationEssentials
import TestSupport
import Testing

/// What is not supported, or contradicts itself, is refused with an error that names it.
struct FamilyRefusalTests {
    private func expectRefusal(
        _ folder: String, _ old: String, _ new: String, _ code: ADPOError.Code, _ part: String
    ) throws {
        try withChanged(folder, old, new) { directory in
            let error = #expect(throws: ADPOError.self) { try Model(path: directory) }
            #expect(error?.code == code, "\(String(describing: error))")
            #expect(error?.message.contains(part) == true, "\(String(describing: error))")
        }
    }

    /// Changes a model's config.json as text.
    private func withChanged(
        _ folder: String, _ old: String, _ new: String, _ body: (_ directory: String) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let source = Fixture.path("Fixtures/\(folder)")
            for name in try FileManager.default.contentsOfDirectory(atPath: source) {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(directory)/\(name)", withDestinationPath: "\(source)/\(name)")
            }
            let text = String(decoding: try readBytes(source + "/config.json"), as: UTF8.self)
            #expect(text.contains(old))
            try FileManager.default.removeItem(atPath: directory + "/config.json")
            try AtomicFile.write(
                Array(text.replacing(old, with: new).utf8), to: directory + "/config.json")
            try body(directory)
        }
    }

    /// As the files of EXAONE 4 have it.
    @Test func readsLayerTypesBesideAPatternOfLetters() throws {
        try withChanged(
            "families/exaone4-hybrid", #""sliding_window_pattern": 4"#,
            #""sliding_window_pattern": "LLLG""#
        ) { directory in
            let tokens: [Int32] = (0..<60).map { $0 * 7 % 300 + 3 }
            let path = Fixture.path("Fixtures/families/exaone4-hybrid")
            // Nothing predicts the first token.
            let expected = try Session(model: Model(path: path)).score(tokens).dropFirst()
            #expect(
                try Session(model: Model(path: directory)).score(tokens).dropFirst() == expected)
        }
    }

    @Test(arguments: [
        (
            "families/qwen3", #""attention_bias": false"#, #""attention_bias": true"#,
            "model.layers.0.self_attn.q_proj.bias is missing"
        ),
        (
            "families/gpt2", #""n_inner": null"#, #""n_inner": 44"#,
            "mlp.c_fc.weight has shape"
        ),
        ("families/mixtral", #""num_local_experts": 4"#, #""num_local_experts": 5"#, "has shape"),
        (
            "families/mixtral", #""num_experts_per_tok": 2"#, #""num_experts_per_tok": 9"#,
            "9 of 4 experts"
        ),
        (
            "families/gemma3", #""num_hidden_layers": 7"#, #""num_hidden_layers": 6"#,
            "layer_types"
        ),
        (
            "families/phi3", #""partial_rotary_factor": 0.75"#, #""partial_rotary_factor": 0.01"#,
            "RoPE"
        ),
        (
            "families/ministral3", #""llama_4_scaling_beta": 0.3"#, #""other_beta": 0.3"#,
            "llama_4_scaling_beta"
        ),
        (
            "families/smollm3-window", #""num_hidden_layers": 2"#, #""num_hidden_layers": 3"#,
            "no_rope_layers"
        ),
        ("families/qwen3", #""head_dim": 10"#, #""head_dim": 11"#, "the head width 11 is odd"),
        (
            "families/qwen2_moe", #""num_experts_per_tok": 2"#, #""num_experts_per_tok": 5"#,
            "5 of 4 experts"
        ),
        (
            "families/qwen2_moe", #""shared_expert_intermediate_size": 28"#,
            #""shared_expert_intermediate_size": 0"#, "the shared expert: 0"
        ),
        (
            "families/qwen3_moe", #""moe_intermediate_size": 20"#,
            #""moe_intermediate_size": 0"#, "an expert: 0"
        ),
        (
            "families/qwen3_moe",
            "\"num_hidden_layers\": 2,\n  \"num_key_value_heads\": 2,\n  \"num_local_experts\": 5",
            "\"num_hidden_layers\": 4096,\n  \"num_local_experts\": 1024", "4096 layers"
        ),
        (
            "families/granitemoe", #""num_local_experts": 5"#, #""num_local_experts": 4"#,
            "has shape"
        ),
        ("families/olmo3", #""num_hidden_layers": 5"#, #""num_hidden_layers": 4"#, "layer_types"),
        ("families/cohere2", #""sliding_window": 8"#, #""sliding_window": 0"#, "sliding_window"),
        ("families/qwen3", #""num_key_value_heads": 2"#, #""num_key_value_heads": 4"#, "evenly"),
    ])
    func refusesWhatTheFileLacks(_ folder: String, _ old: String, _ new: String, _ part: String)
        throws
    {
        try expectRefusal(folder, old, new, .format, part)
    }

    /// A bias, a norm or a layer that the configuration knows nothing of would be left out silently.
    @Test(arguments: [
        (
            "models/llama-bias", #""attention_bias": true"#, #""attention_bias": false"#,
            "self_attn.k_proj.bias"
        ),
        (
            "families/qwen3", #""model_type": "qwen3""#, #""model_type": "llama""#, "k_norm.weight"
        ),
        ("models/llama-f32", #""num_hidden_layers": 3"#, #""num_hidden_layers": 2"#, "layers.2."),
        (
            "families/qwen3", #""tie_word_embeddings": false"#, #""tie_word_embeddings": 3"#,
            "tie_word_embeddings"
        ),
    ])
    func refusesWhatTheFamilyHasNoPlaceFor(
        _ folder: String, _ old: String, _ new: String, _ part: String
    ) throws {
        try expectRefusal(folder, old, new, part.hasPrefix("tie") ? .format : .unsupported, part)
    }

    @Test(arguments: [
        ("families/qwen3", #""hidden_act": "silu""#, #""hidden_act": "selu""#, "selu"),
        ("families/qwen3", #""model_type": "qwen3""#, #""model_type": "mamba""#, "mamba"),
        (
            "families/qwen2-window", #""max_window_layers": 1"#,
            #""layer_types": ["full_attention", "chunked_attention", "full_attention"]"#,
            "chunked_attention"
        ),
        (
            "families/gemma2", #""use_bidirectional_attention": null"#,
            #""use_bidirectional_attention": true"#, "use_bidirectional_attention"
        ),
        (
            "families/ministral3", #""rope_type": "yarn""#, #""rope_type": "default""#,
            "without YaRN"
        ),
        ("families/phi3", #""rope_type": "longrope""#, #""rope_type": "odd""#, "\"odd\""),
        (
            "families/qwen3_moe", #""use_sliding_window": false"#,
            #""use_sliding_window": true"#, "use_sliding_window"
        ),
        (
            "families/qwen2_moe", #""use_sliding_window": false"#,
            #""use_sliding_window": true"#, "use_sliding_window"
        ),
        ("families/olmoe", #""clip_qkv": null"#, #""clip_qkv": 8.0"#, "clip_qkv"),
        ("families/phi", #""qk_layernorm": false"#, #""qk_layernorm": true"#, "qk_layernorm"),
        (
            "families/exaone4-hybrid", #""full_attention""#, #""chunked_attention""#,
            "chunked_attention"
        ),
    ])
    func namesWhatIsNotSupported(_ folder: String, _ old: String, _ new: String, _ part: String)
        throws
    {
        try expectRefusal(folder, old, new, .unsupported, part)
    }

    /// The message says which families there are.
    @Test func listsTheFamilies() throws {
        let error = #expect(throws: ADPOError.self) {
            try withTemporaryDirectory { directory in
                let path = directory + "/model.gguf"
                var writer = GGUFWriter()
                writer.set("general.architecture", .text("rwkv"))
                try writer.write([], to: path) { (_, _) throws(ADPOError) in }
                _ = try Model(path: path)
            }
        }
        for family in Family.all {
            #expect(error?.message.contains(family.name) == true)
        }
    }
}
