import ADPOBase
import ADPOTensor

extension Family {
    /// ERNIE 4.5, the dense one: llama whose heads are interleaved in both kinds of files.
    package static let ernie4_5 = Family(
        name: "ernie4_5", ggufName: "ernie4_5",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(
                source, headWidth: 128, context: 131_072, epsilon: 1e-5)
            let bias = try source.bias("use_bias")
            return try llama.architecture("ernie4_5", tiedByDefault: true, base: 500_000) {
                (build, _) in
                llama.layer(&build, innerBias: bias) { build in
                    llama.attention(
                        &build, llama.sizes.attention(), isInterleaved: true, bias: bias,
                        outputBias: bias)
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "ernie4_5", class: "Ernie4_5ForCausalLM")
            writer.setAttentionBias(architecture, "use_bias")
            try writer.refuseBiasesInGGUF(architecture)
        })
}
