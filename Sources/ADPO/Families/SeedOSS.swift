import ADPOBase
import ADPOTensor

extension Family {
    /// Seed-OSS: llama with biases of queries, keys and values unless the file says otherwise.
    package static let seedOSS = Family(
        name: "seed_oss", ggufName: "seed_oss",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, headWidth: 128, context: 524_288)
            let bias = try source.bias("attention_bias", default: true)
            let outputBias = try source.bias("attention_out_bias")
            let innerBias = try source.bias("mlp_bias")
            let between = ParameterBuilder.Name("post_attention_layernorm", "post_attention_norm")
            return try llama.architecture("seed_oss") { (build, _) in
                llama.layer(&build, between: between, innerBias: innerBias) { build in
                    llama.attention(
                        &build, llama.sizes.attention(), bias: bias, outputBias: outputBias)
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "seed_oss", class: "SeedOssForCausalLM")
            writer.setAttentionBias(architecture)
            writer.setHuggingFace(
                "attention_out_bias", .bool(architecture.attention?.output.bias != nil))
            writer.setHuggingFace("mlp_bias", .bool(architecture.hasInnerBias))
            try writer.refuseBiasesInGGUF(architecture, butOfQueries: true)
        })
}
