import ADPOTensor

extension Family {
    /// Llama 1 to 3.x, and what shares its architecture: SmolLM2, TinyLlama, DeepSeek-Math, Yi.
    ///
    /// RMSNorm before attention and feed-forward layer, grouped-query attention, RoPE, SwiGLU.
    package static let llama = Family(
        name: "llama",
        fromHuggingFace: { (json, source) throws(ADPOError) in
            let configuration = Configuration(json, source: source)
            if let activation = configuration.string("hidden_act"), activation != "silu" {
                throw ADPOError(
                    .unsupported, "\(source): the activation \"\(activation)\" is not supported")
            }
            let width = try configuration.integer("hidden_size")
            let heads = try configuration.integer("num_attention_heads")
            let headWidth = try configuration.integer(
                "head_dim", default: heads > 0 ? width / heads : 0)
            let context = try configuration.integer("max_position_embeddings", default: 2048)
            let architecture = Architecture(
                family: "llama",
                layers: try configuration.integer("num_hidden_layers"),
                width: width,
                heads: heads,
                keyValueHeads: try configuration.integer("num_key_value_heads", default: heads),
                headWidth: headWidth,
                feedForwardWidth: try configuration.integer("intermediate_size"),
                vocabulary: try configuration.integer("vocab_size"),
                context: context,
                normEpsilon: Float(try configuration.number("rms_norm_eps", default: 1e-6)),
                rotary: try RotaryEmbedding(
                    huggingFace: json, headWidth: headWidth, context: context, source: source),
                hasTiedHead: try configuration.bool("tie_word_embeddings", default: false),
                tensorNames: .huggingFace)
            try architecture.validate(source: source)
            return architecture
        },
        fromGGUF: { (file, metadata) throws(ADPOError) in
            let configuration = Configuration(metadata, prefix: "llama", source: file.path)
            if try configuration.integer("expert_count", default: 0) > 0 {
                throw ADPOError(
                    .unsupported, "\(file.path): mixtures of experts are not supported")
            }
            let width = try configuration.integer("embedding_length")
            let heads = try configuration.integer("attention.head_count")
            let headWidth = try configuration.integer(
                "attention.key_length", default: heads > 0 ? width / heads : 0)
            let names = TensorNames.gguf
            let architecture = Architecture(
                family: "llama",
                layers: try configuration.integer("block_count"),
                width: width,
                heads: heads,
                keyValueHeads: try configuration.integer(
                    "attention.head_count_kv", default: heads),
                headWidth: headWidth,
                feedForwardWidth: try configuration.integer("feed_forward_length"),
                vocabulary: try file.tensor(names.embedding)?.shape.first ?? 0,
                context: try configuration.integer("context_length"),
                normEpsilon: Float(try configuration.number("attention.layer_norm_rms_epsilon")),
                rotary: try RotaryEmbedding(
                    gguf: configuration, headWidth: headWidth,
                    divisors: try file.tensor("rope_freqs.weight")),
                hasTiedHead: try file.tensor(names.head) == nil,
                tensorNames: names)
            try architecture.validate(source: file.path)
            return architecture
        })
}
