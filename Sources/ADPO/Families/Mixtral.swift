import ADPOBase
import ADPOTensor

extension Family {
    /// Mixtral: llama whose feed-forward parts are mixtures of experts. In GGUF files it is a llama with
    /// experts.
    package static let mixtral = Family(
        name: "mixtral", ggufName: "llama",
        isGGUF: { ($0["llama.expert_count"]?.integer ?? 0) > 0 },
        read: { (source) throws(ADPOError) in
            let sizes = try Sizes(source, context: 4096 * 32)
            let configuration = source.configuration
            let epsilon = Float(try configuration.number(.rmsEpsilon, default: 1e-5))
            let activation = try source.activation("hidden_act", default: "silu")
            // llama.cpp knows none in this family.
            let window = source.kind == .gguf ? nil : try source.window()
            let experts = try configuration.integer(.experts, default: 8)
            let topK = try configuration.integer(.topK, default: 2)
            guard (1...experts).contains(topK), experts <= 1 << 10 else {
                throw ADPOError(
                    .format, "\(source.path): \(topK) of \(experts) experts for each token")
            }
            var keys = RotaryEmbedding.Keys()
            keys.defaultBase = 1_000_000
            return try Architecture(
                family: "mixtral", source, sizes,
                rotaries: [try source.rotary(sizes, keys: keys)],
                norm: { $0.norm($1, .rms, width: sizes.width, epsilon: epsilon) },
                layer: { (build, _) throws(ADPOError) in
                    let before = build.norm(
                        .inputNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let attention = AttentionBlock(
                        &build, sizes.attention(window: window), rotary: .llama(source),
                        width: sizes.width, order: .llama(headWidth: sizes.headWidth))
                    let between = build.norm(
                        .postAttentionNorm, .rms, width: sizes.width, epsilon: epsilon)
                    let block = Experts(
                        router: build.linear(
                            .init("block_sparse_moe.gate", "ffn_gate_inp", newer: "mlp.gate"),
                            .router,
                            rows: experts, columns: sizes.width),
                        experts: (0..<experts).map { index in
                            FeedForward(
                                &build, expert: index, of: experts, activation, sizes)
                        }, topK: topK, isNormalized: true)
                    return Layer(
                        mixer: Branch(before: before, .attention(attention)),
                        feedForward: Branch(before: between, .experts(block)))
                })
        },
        write: { (architecture, writer) throws(ADPOError) in
            writer.setHuggingFaceModel(
                "mixtral", class: "MixtralForCausalLM", isTied: architecture.hasTiedHead)
            try writer.set(architecture.activation, "hidden_act", inGGUF: .silu)
            try Sizes(architecture).write(to: &writer)
            writer.set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
            if case .experts(let block) = architecture.layers.first?.feedForward.block {
                writer.set(.experts, .integer(block.experts.count))
                writer.set(.topK, .integer(block.topK))
            }
            if let window = architecture.attention?.attention.window {
                guard writer.kind == .huggingFace else {
                    throw writer.unsupported("a window of \(window) tokens")
                }
                writer.set(.window, .integer(window))
            } else {
                writer.setHuggingFace("sliding_window", .null)
            }
            try writer.set(architecture.rotaries.first)
        })
}

extension ConfigurationKey {
    fileprivate static let experts = ConfigurationKey("num_local_experts", "expert_count")
    fileprivate static let topK = ConfigurationKey("num_experts_per_tok", "expert_used_count")
}

extension FeedForward {
    /// One expert: with matrices of its own in transformers' files, parts of common ones in GGUF files.
    fileprivate init(
        _ build: inout ParameterBuilder, expert: Int, of count: Int, _ activation: Activation,
        _ sizes: Sizes
    ) {
        func linear(
            _ part: Parameter.Expert.Part, _ huggingFace: String, _ gguf: String, newer: String,
            rows: Int, columns: Int
        ) -> LinearLayer {
            build.linear(
                .init(
                    "block_sparse_moe.experts.\(expert).\(huggingFace)", gguf,
                    newer: "mlp.experts.\(newer)"), .expert, rows: rows, columns: columns,
                expert: Parameter.Expert(part, index: expert, count: count))
        }
        self.init(
            activation: activation,
            input: .gated(
                gate: linear(
                    .gate, "w1", "ffn_gate_exps", newer: "gate_up_proj", rows: sizes.inner,
                    columns: sizes.width),
                up: linear(
                    .up, "w3", "ffn_up_exps", newer: "gate_up_proj", rows: sizes.inner,
                    columns: sizes.width)),
            output: linear(
                .down, "w2", "ffn_down_exps", newer: "down_proj", rows: sizes.width,
                columns: sizes.inner))
    }
}
