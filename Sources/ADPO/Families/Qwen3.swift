import ADPOBase
import ADPOTensor

extension Family {
    /// Qwen 3: llama with a norm of each head of queries and keys.
    package static let qwen3 = Family(
        name: "qwen3", ggufName: "qwen3",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, headWidth: 128, context: 32768)
            let bias = try source.bias("attention_bias")
            let windows = try source.qwenWindows(llama.sizes.layers)
            return try llama.architecture("qwen3") { (build, index) in
                llama.layer(&build) { build in
                    var attention = llama.attention(
                        &build, llama.sizes.attention(window: windows[index]), bias: bias,
                        outputBias: bias)
                    attention.addHeadNorms(&build, epsilon: llama.epsilon)
                    return attention
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "qwen3", class: "Qwen3ForCausalLM")
            writer.setAttentionBias(architecture)
            try writer.setQwenWindows(architecture.windows)
        })
}
