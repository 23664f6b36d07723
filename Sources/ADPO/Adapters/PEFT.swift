import ADPOBase
import ADPOTensor

/// How PEFT writes LoRA adapters: the files of an adapter directory.
package enum PEFT {
    static let configurationFile = "adapter_config.json"
    static let weightsFile = "adapter_model.safetensors"

    /// Parameters, or their gradients, as PEFT names, shapes and orders them.
    package static func tensors(
        _ values: UnsafePointer<Float>, _ layout: AdapterLayout, _ model: Model
    ) -> [SafetensorsWriter.Tensor] {
        AdapterFormat(.huggingFace, model).tensors(values, layout)
    }
}

/// The settings of an adapter_config.json, as far as the library can follow them.
struct PEFTConfiguration {
    /// The rank of modules that no pattern names; nil for that of their matrices.
    private var rank: Int?
    private var rankPattern: Pattern = [:]
    let alpha: Float
    private var alphaPattern: Pattern = [:]
    private(set) var isRankStabilized = false
    /// DoRA.
    private(set) var hasMagnitudes = false
    private(set) var dropout = 0.0
    /// The names of all adapted modules, where the file lists them.
    private var targetModules: Set<String>?

    /// Names of modules, or what names end with, and what these modules have instead. Of several
    /// that name a module, the first in the file counts.
    private typealias Pattern = [String: (place: Int, value: Double)]

    init(alpha: Float) { self.alpha = alpha }

    init(_ json: JSON, source: String) throws(ADPOError) {
        let configuration = Configuration(json, source: source)
        let type = configuration.string("peft_type") ?? "none"
        guard type == "LORA" else {
            throw ADPOError(.unsupported, "\(source): the adapter type \(type) is not LORA")
        }
        for key in ["use_qalora", "use_bdlora", "lora_bias"]
        where try configuration.bool(key, default: false) {
            throw ADPOError(.unsupported, "\(source): \"\(key)\" is not supported")
        }
        for key in ["alora_invocation_tokens", "arrow_config", "kasa_config", "layer_replication"]
        where configuration.contains(key) {
            throw ADPOError(.unsupported, "\(source): \"\(key)\" is not supported")
        }
        // With these, peft changes the base model's weights before it adds the adapter.
        if let start = configuration.string("init_lora_weights"),
            !["gaussian", "orthogonal", "eva"].contains(start)
        {
            throw ADPOError(
                .unsupported,
                "\(source): \"init_lora_weights\" is \"\(start)\", so the adapter belongs to other "
                    + "weights than the base model's; save it with peft's "
                    + "path_initial_model_for_weight_conversion")
        }
        rank = try configuration.integer("r")
        rankPattern = try Self.pattern(json["rank_pattern"], "rank_pattern", source: source)
        alpha = Float(try configuration.number("lora_alpha"))
        alphaPattern = try Self.pattern(json["alpha_pattern"], "alpha_pattern", source: source)
        isRankStabilized = try configuration.bool("use_rslora", default: false)
        hasMagnitudes = try configuration.bool("use_dora", default: false)
        dropout = json["lora_dropout"]?.double ?? 0
        // Some of the modules that are listed may be excepted again.
        if ["layers_to_transform", "exclude_modules"].allSatisfy({ json[$0]?.isNull ?? true }) {
            targetModules = json["target_modules"]?.array.map { Set($0.compactMap(\.string)) }
            for name in json["target_parameters"]?.array?.compactMap(\.string) ?? [] {
                targetModules?.insert(name.hasSuffix(".weight") ? String(name.dropLast(7)) : name)
            }
        }
    }

    /// PEFT takes the keys for regular expressions. Those that are plain names are followed.
    private static func pattern(
        _ json: JSON?, _ list: String, source: String
    ) throws(ADPOError) -> Pattern {
        guard let json, !json.isNull else { return [:] }
        guard let members = json.members else {
            throw ADPOError(.format, "\(source): \"\(list)\" is no object")
        }
        var pattern: Pattern = [:]
        for (place, (key, value)) in members.enumerated() {
            // For the experts of a mixture peft writes a name with anything before it.
            let anything = ".*\\."
            let name = key.hasPrefix(anything) ? String(key.dropFirst(anything.count)) : key
            guard name.utf8.allSatisfy(Self.isOfName) else {
                throw ADPOError(
                    .unsupported,
                    "\(source): \"\(list)\" has the regular expression \"\(name)\"; only names of "
                        + "modules are supported")
            }
            guard let value = value.positiveNumber else {
                throw ADPOError(
                    .format, "\(source): \"\(list)\" of \"\(name)\" is no positive number")
            }
            if pattern[name] == nil { pattern[name] = (place, value) }
        }
        return pattern
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// The rank that a module's matrices must have; nil where any will do.
    func rank(of module: TargetModule) -> Int? {
        value(of: module, in: rankPattern).map { Int(exactly: $0) ?? 0 } ?? rank
    }

    /// The factor of B, where a module of one rank lies in a layout of another.
    func scale(of module: TargetModule, rank: Int, in layoutRank: Int) -> Float {
        let own = value(of: module, in: alphaPattern).map { Float($0) } ?? alpha
        guard own != alpha || rank != layoutRank else { return 1 }
        return LoRAParameters.scale(alpha: own, rank: rank, isRankStabilized)
            / LoRAParameters.scale(alpha: alpha, rank: layoutRank, isRankStabilized)
    }

    /// Whether the file lists the module among those that are adapted.
    func lists(_ module: TargetModule) -> Bool {
        targetModules.map { listed in module.allEndings.contains(where: listed.contains) } ?? false
    }

    private func value(of module: TargetModule, in pattern: Pattern) -> Double? {
        module.allEndings.compactMap { pattern[$0] }.min { $0.place < $1.place }?.value
    }
}
