import ADPOBase
import ADPOTensor

extension Family {
    /// Qwen 2 and 2.5, and the R1 distills of them: llama with biases of queries, keys and values.
    package static let qwen2 = Family(
        name: "qwen2", ggufName: "qwen2",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, context: 32768)
            let windows = try source.qwenWindows(llama.sizes.layers)
            return try llama.architecture("qwen2") { (build, index) in
                llama.layer(&build) { build in
                    llama.attention(
                        &build, llama.sizes.attention(window: windows[index]), bias: .always)
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "qwen2", class: "Qwen2ForCausalLM")
            try writer.setQwenWindows(architecture.windows)
        })
}
