import ADPOBase
import ADPOTensor

extension Family {
    /// Helium: llama whose heads are interleaved. llama.cpp has no such architecture.
    package static let helium = Family(
        name: "helium", ggufName: nil,
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, headWidth: 128, context: 4096, epsilon: 1e-8)
            let bias = try source.bias("attention_bias")
            let innerBias = try source.bias("mlp_bias")
            return try llama.architecture("helium", base: 100_000) { (build, _) in
                llama.layer(&build, innerBias: innerBias) { build in
                    llama.attention(
                        &build, llama.sizes.attention(), isInterleaved: true, bias: bias)
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "helium", class: "HeliumForCausalLM")
            writer.setAttentionBias(architecture)
            writer.setHuggingFace("mlp_bias", .bool(architecture.hasInnerBias))
        })
}
