import ADPOBase
import ADPOTensor

extension Family {
    /// Gemma 1: llama with embeddings scaled by sqrt(width), norms by 1 + w, GELU.
    package static let gemma = Family(
        name: "gemma", ggufName: "gemma",
        read: { (source) throws(ADPOError) in
            try source.refuseBidirectionalAttention()
            var gemma = try LlamaLike(
                source, headWidth: 256, context: 8192, activation: "gelu_pytorch_tanh",
                normOffset: 1)
            // The first files say "gelu", and mean this.
            if gemma.activation == .gelu { gemma.activation = .geluTanh }
            let (llama, bias) = (gemma, try source.bias("attention_bias"))
            var architecture = try llama.architecture("gemma", tiedByDefault: true) { (build, _) in
                llama.layer(&build) { build in
                    llama.attention(&build, llama.sizes.attention(), bias: bias, outputBias: bias)
                }
            }
            architecture.embeddingScale = Float(llama.sizes.width).squareRoot()
            return architecture
        },
        write: { (architecture, writer) throws(ADPOError) in
            try writer.setLlamaLike(
                architecture, "gemma", class: "GemmaForCausalLM", inGGUF: .geluTanh)
            writer.setAttentionBias(architecture)
            try writer.refuseBiasesInGGUF(architecture)
            try writer.refuseInGGUF("a head of its own", if: !architecture.hasTiedHead)
        })
}
