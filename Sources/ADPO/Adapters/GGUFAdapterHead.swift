import ADPOBase
import ADPOTensor

/// The metadata of an adapter file of llama.cpp.
struct GGUFAdapterHead {
    let alpha: Float

    init(_ file: GGUFFile, source: String, _ model: Model) throws(ADPOError) {
        let metadata = file.metadata
        guard metadata["general.type"]?.string == "adapter" else {
            throw ADPOError(
                .format, "\(source) is no adapter: its general.type is not \"adapter\"")
        }
        let type = metadata["adapter.type"]?.string ?? "none"
        guard type == "lora" else {
            throw ADPOError(.unsupported, "\(source): the adapter type \(type) is not lora")
        }
        let family = try model.ggufArchitecture
        let architecture = metadata["general.architecture"]?.string ?? "none"
        guard architecture == family else {
            throw ADPOError(
                .format,
                "\(source) was made for another model: its architecture is \(architecture), "
                    + "not \(family)")
        }
        if let tokens = metadata["adapter.alora.invocation_tokens"], tokens.array?.count != 0 {
            throw ADPOError(.unsupported, "\(source): activated LoRA is not supported")
        }
        alpha = Float(
            try Configuration(metadata, prefix: "adapter.lora", source: source).number("alpha"))
    }

    /// The metadata of an adapter that is to be written.
    ///
    /// llama.cpp scales every adapter by alpha / rank. What PEFT scales by alpha / sqrt(rank) is
    /// the same with an alpha that is sqrt(rank) times larger.
    static func writer(_ adapter: Adapter) throws(ADPOError) -> GGUFWriter {
        var writer = GGUFWriter()
        writer.set("general.architecture", .text(try adapter.model.ggufArchitecture))
        writer.set("general.type", .text("adapter"))
        writer.set("adapter.type", .text("lora"))
        writer.set("adapter.lora.alpha", .float32(adapter.lora.scale * Float(adapter.rank)))
        return writer
    }
}

extension Model {
    /// `general.architecture` of GGUF files of the family.
    var ggufArchitecture: String {
        get throws(ADPOError) {
            try Family.named(architecture.family).ggufArchitecture(source: path)
        }
    }
}
