import ADPOBase
import ADPOTensor

/// The sizes of a mixture of experts, as files have them.
struct Mixture {
    /// Where files have the sizes, and what is taken for granted where they do not.
    struct Keys {
        var experts = ConfigurationKey("num_experts", "expert_count")
        var topK = ConfigurationKey("num_experts_per_tok", "expert_used_count")
        var defaultExperts: Int
        var defaultTopK: Int
    }

    let experts: Int
    /// The experts that a token goes to.
    let topK: Int
    /// The width between an expert's linear layers.
    let inner: Int
    let isNormalized: Bool

    init(
        _ source: ModelSource, _ keys: Keys, inner: Int, isNormalized: Bool
    ) throws(ADPOError) {
        // transformers 5 writes one name for another.
        let isRenamed =
            source.kind == .huggingFace && source.configuration.contains("num_local_experts")
        experts =
            isRenamed
            ? try source.configuration.integer("num_local_experts")
            : try source.configuration.integer(keys.experts, default: keys.defaultExperts)
        topK = try source.configuration.integer(keys.topK, default: keys.defaultTopK)
        guard topK >= 1, topK <= experts, experts <= 1 << 10 else {
            throw ADPOError(
                .format, "\(source.path): \(topK) of \(experts) experts for each token")
        }
        guard (1...1 << 22).contains(inner) else {
            throw ADPOError(
                .format, "\(source.path): impossible width of an expert: \(inner)")
        }
        (self.inner, self.isNormalized) = (inner, isNormalized)
    }

    /// Lists and describes a layer's mixture.
    func block(
        _ build: inout ParameterBuilder, width: Int, router: ParameterBuilder.Name,
        shared: SharedExpert? = nil,
        expert: (inout ParameterBuilder, _ index: Int) -> FeedForward
    ) -> Experts {
        let router = build.linear(router, .router, rows: experts, columns: width)
        return Experts(
            router: router, experts: (0..<experts).map { expert(&build, $0) }, topK: topK,
            isNormalized: isNormalized, shared: shared)
    }

    /// An expert with matrices of its own in transformers' files, parts of common ones in GGUF files.
    ///
    /// - Parameters:
    ///   - module: The module of all experts in files.
    ///   - names: Those of gate, up and down.
    func expert(
        _ build: inout ParameterBuilder, _ index: Int, _ activation: Activation, width: Int,
        module: String = "mlp.experts",
        names: (gate: String, up: String, down: String) = ("gate_proj", "up_proj", "down_proj")
    ) -> FeedForward {
        func linear(
            _ part: Parameter.Expert.Part, _ huggingFace: String, _ gguf: String, newer: String,
            rows: Int, columns: Int
        ) -> LinearLayer {
            build.linear(
                .init(
                    "\(module).\(index).\(huggingFace)", gguf, newer: "mlp.experts.\(newer)"),
                .expert, rows: rows, columns: columns,
                expert: Parameter.Expert(part, index: index, count: experts))
        }
        return FeedForward(
            activation: activation,
            input: .gated(
                gate: linear(
                    .gate, names.gate, "ffn_gate_exps", newer: "gate_up_proj", rows: inner,
                    columns: width),
                up: linear(
                    .up, names.up, "ffn_up_exps", newer: "gate_up_proj", rows: inner,
                    columns: width)),
            output: linear(
                .down, names.down, "ffn_down_exps", newer: "down_proj", rows: width,
                columns: inner))
    }
}

extension ParameterBuilder.Name {
    static let router = Self("mlp.gate", "ffn_gate_inp")
}

extension ConfigurationKey {
    static let expertInner = ConfigurationKey(
        "moe_intermediate_size", "expert_feed_forward_length")
}

extension Architecture {
    /// The mixture of the first layer that has one.
    var mixture: Experts? {
        layers.lazy.compactMap { layer in
            if case .experts(let block) = layer.feedForward.block { block } else { nil }
        }.first
    }

    /// The layers without a mixture.
    var denseLayers: [Int] {
        layers.indices.filter { index in
            if case .experts = layers[index].feedForward.block { false } else { true }
        }
    }
}

extension LlamaLike {
    /// A layer's mixture, with the names that most files have.
    func experts(
        _ build: inout ParameterBuilder, _ mixture: Mixture, shared: SharedExpert? = nil
    ) -> Block {
        .experts(
            mixture.block(&build, width: sizes.width, router: .router, shared: shared) {
                mixture.expert(&$0, $1, activation, width: sizes.width)
            })
    }
}

extension ModelSource {
    /// Which layers have a mixture, where Qwen's models say it.
    func layersWithMixture(_ count: Int) throws(ADPOError) -> [Bool] {
        let step = try configuration.integer("decoder_sparse_step", default: 1)
        let dense = json["mlp_only_layers"]?.array?.compactMap(\.integer) ?? []
        return (0..<count).map { !dense.contains($0) && step > 0 && ($0 + 1) % step == 0 }
    }

    /// - Throws: `.unsupported` for windows, which no mixture of Qwen's uses.
    func refuseSlidingWindow() throws(ADPOError) {
        if try configuration.bool("use_sliding_window", default: false) {
            throw ADPOError(.unsupported, "\(path): \"use_sliding_window\" is not supported")
        }
    }
}

extension ConfigurationWriter {
    /// The sizes of a mixture as Qwen's models and OLMoE have them.
    ///
    /// - Parameter isNormalized: What llama.cpp takes for granted in the family.
    /// - Throws: `.unsupported` for a GGUF file of something that llama.cpp computes otherwise.
    mutating func set(_ mixture: Experts, isNormalizedInGGUF: Bool) throws(ADPOError) {
        set(ConfigurationKey("num_experts", "expert_count"), .integer(mixture.experts.count))
        set(ConfigurationKey("num_experts_per_tok", "expert_used_count"), .integer(mixture.topK))
        set(.expertInner, .integer(mixture.experts.first?.width ?? 0))
        setHuggingFace("norm_topk_prob", .bool(mixture.isNormalized))
        try refuseInGGUF(
            "weights of experts that \(mixture.isNormalized ? "" : "do not ")add up to 1",
            if: mixture.isNormalized != isNormalizedInGGUF)
    }

    /// The layers without a mixture.
    mutating func setDenseLayers(_ architecture: Architecture) throws(ADPOError) {
        let dense = architecture.denseLayers
        setHuggingFace("decoder_sparse_step", .integer(1))
        setHuggingFace("mlp_only_layers", .array(dense.map { .integer($0) }))
        try refuseInGGUF("layers without experts", if: !dense.isEmpty)
        guard let first = dense.first,
            case .feedForward(let block) = architecture.layers[first].feedForward.block
        else { return }
        setHuggingFace("intermediate_size", .integer(block.width))
    }
}
