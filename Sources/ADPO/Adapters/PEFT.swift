import ADPOTensor

/// How PEFT writes LoRA adapters: the files of an adapter directory.
package enum PEFT {
    static let configurationFile = "adapter_config.json"
    static let weightsFile = "adapter_model.safetensors"

    /// Parameters, or their gradients, as PEFT names, shapes and orders them.
    package static func tensors(
        _ values: UnsafePointer<Float>, _ layout: AdapterLayout, _ architecture: Architecture
    ) -> [SafetensorsWriter.Tensor] {
        AdapterFormat.peft.tensors(values, layout, architecture)
    }
}

/// What an adapter_config.json says, as far as the library can follow it.
struct PEFTConfiguration {
    var rank: Int
    var alpha: Float
    var isRankStabilized = false
    /// DoRA.
    var hasMagnitudes = false
    /// What all of the adapted modules are, where the file lists them.
    var targetModules: [String]?

    init(rank: Int, alpha: Float) {
        self.rank = rank
        self.alpha = alpha
    }

    init(_ json: JSON, source: String) throws(ADPOError) {
        let configuration = Configuration(json, source: source)
        let type = configuration.string("peft_type") ?? "none"
        guard type == "LORA" else {
            throw ADPOError(.unsupported, "\(source): the adapter type \(type) is not LORA")
        }
        for key in ["use_qalora", "use_bdlora", "lora_bias", "fan_in_fan_out"]
        where try configuration.bool(key, default: false) {
            throw ADPOError(.unsupported, "\(source): \"\(key)\" is not supported")
        }
        for key in ["rank_pattern", "alpha_pattern"] {
            guard json[key]?.members?.isEmpty ?? true else {
                throw ADPOError(
                    .unsupported, "\(source): \"\(key)\" is not supported: all layers share a rank")
            }
        }
        rank = try configuration.integer("r")
        guard rank >= 1 else { throw ADPOError(.format, "\(source): the rank \"r\" is 0") }
        alpha = Float(try configuration.number("lora_alpha"))
        isRankStabilized = try configuration.bool("use_rslora", default: false)
        hasMagnitudes = try configuration.bool("use_dora", default: false)
        // Some of the modules that are listed may be excepted again.
        if ["layers_to_transform", "exclude_modules"].allSatisfy({ json[$0]?.isNull ?? true }) {
            targetModules = json["target_modules"]?.array?.compactMap(\.string)
        }
    }
}
