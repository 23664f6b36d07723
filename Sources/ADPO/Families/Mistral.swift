import ADPOBase
import ADPOTensor

extension Family {
    /// Mistral: llama, the first ones with a sliding window. In GGUF files it is a llama.
    package static let mistral = Family(
        name: "mistral", otherTypes: ["mistral3"], ggufName: "llama", ggufFamily: "llama",
        read: { (source) throws(ADPOError) in
            let llama = try LlamaLike(source, context: 4096 * 32)
            // Only null says that there is none.
            let window = source.json["sliding_window"] == nil ? 4096 : try source.window()
            return try llama.architecture("mistral") { (build, _) in
                llama.layer(&build) { build in
                    llama.interleavedAttention(&build, window: window)
                }
            }
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(architecture, "mistral", class: "MistralForCausalLM")
            try writer.setWindow(architecture.attention?.attention.window)
        })
}
