import ADPOBase
import ADPOTensor

/// What families like Llama have in common: RMSNorm, attention, RMSNorm, a gated feed-forward part.
struct LlamaLike {
    let source: ModelSource
    let sizes: Sizes
    let epsilon: Float
    var activation: Activation
    /// What is added to the norms' weights in files of transformers.
    let normOffset: Float

    /// Reads the keys that such families share.
    ///
    /// - Parameters:
    ///   - headWidth: That of a family whose configuration need not say it.
    ///   - epsilon: The norms', where the file does not say it.
    ///   - activation: The same of the feed-forward parts'; the only one in GGUF files.
    init(
        _ source: ModelSource, headWidth: Int? = nil, context: Int, epsilon: Double = 1e-6,
        activationKey: String = "hidden_act", activation: String = "silu", normOffset: Float = 0
    ) throws(ADPOError) {
        self.source = source
        self.normOffset = normOffset
        sizes = try Sizes(source, headWidth: headWidth, context: context)
        self.epsilon = Float(try source.configuration.number(.rmsEpsilon, default: epsilon))
        self.activation = try source.activation(activationKey, default: activation)
    }

    func norm(_ build: inout ParameterBuilder, _ name: ParameterBuilder.Name) -> NormLayer {
        build.norm(name, .rms, width: sizes.width, epsilon: epsilon, offset: normOffset)
    }

    /// A layer, whose attention is listed and described by `attention`.
    ///
    /// - Parameters:
    ///   - between: The name of the norm before the feed-forward part.
    ///   - scale: A factor of what each branch adds to the stream.
    func layer(
        _ build: inout ParameterBuilder, between: ParameterBuilder.Name = .postAttentionNorm,
        innerBias: ParameterBuilder.Bias = .none, scale: Float = 1,
        attention: (inout ParameterBuilder) -> AttentionBlock
    ) -> Layer {
        layer(&build, between: between, scale: scale, attention: attention) { build in
            feedForward(&build, bias: innerBias)
        }
    }

    /// The same, whose feed-forward part, too, is listed and described by the caller.
    func layer(
        _ build: inout ParameterBuilder, between: ParameterBuilder.Name = .postAttentionNorm,
        scale: Float = 1, attention: (inout ParameterBuilder) -> AttentionBlock,
        inner: (inout ParameterBuilder) -> Block
    ) -> Layer {
        let before = norm(&build, .inputNorm)
        let block = attention(&build)
        let innerBefore = norm(&build, between)
        return Layer(
            mixer: Branch(before: before, .attention(block), scale: scale),
            feedForward: Branch(before: innerBefore, inner(&build), scale: scale))
    }

    func feedForward(
        _ build: inout ParameterBuilder, bias: ParameterBuilder.Bias = .none
    ) -> Block {
        .feedForward(
            FeedForward(
                &build, gated: activation, width: sizes.width, inner: sizes.inner, bias: bias))
    }

    /// Attention whose queries and keys lie in the same order in both kinds of files.
    ///
    /// - Parameters:
    ///   - table: The rotary embedding's place among the architecture's.
    ///   - isInterleaved: RoPE's pairs are (2i, 2i + 1).
    func attention(
        _ build: inout ParameterBuilder, _ attention: Attention, table: Int = 0,
        isInterleaved: Bool = false, bias: ParameterBuilder.Bias = .none,
        outputBias: ParameterBuilder.Bias = .none
    ) -> AttentionBlock {
        AttentionBlock(
            &build, attention,
            rotary: AttentionBlock.Rotary(table: table, isInterleaved: isInterleaved),
            width: sizes.width, bias: bias, outputBias: outputBias)
    }

    /// The architecture with these layers, and one rotary embedding for all of them.
    ///
    /// - Parameter base: That of the rotary embedding, where a config.json does not say it.
    func architecture(
        _ family: String, tiedByDefault: Bool = false, base: Double = 10000,
        layer: (inout ParameterBuilder, _ index: Int) -> Layer
    ) throws(ADPOError) -> Architecture {
        var keys = RotaryEmbedding.Keys()
        keys.defaultBase = base
        return try Architecture(
            family: family, source, sizes, tiedByDefault: tiedByDefault,
            rotaries: [try source.rotary(sizes, keys: keys)], norm: norm,
            layer: { (build, index) throws(ADPOError) in layer(&build, index) })
    }
}

extension ModelSource {
    /// The biases of linear layers, as a member of a config.json says.
    func bias(_ key: String, default hasBias: Bool = false) throws(ADPOError)
        -> ParameterBuilder.Bias
    {
        .configured(try configuration.bool(key, default: hasBias))
    }
}

extension ConfigurationWriter {
    /// The keys that `LlamaLike` reads, the rotary embedding, and what names the family.
    mutating func setLlamaLike(
        _ architecture: Architecture, _ type: String, class name: String,
        activationKey: String = "hidden_act", inGGUF activation: Activation = .silu,
        ropeMembers: [(key: String, value: JSON)] = []
    ) throws(ADPOError) {
        setHuggingFaceModel(type, class: name, isTied: architecture.hasTiedHead)
        try set(architecture.activation, activationKey, inGGUF: activation)
        try Sizes(architecture).write(to: &self)
        set(.rmsEpsilon, .number(Double(architecture.finalNorm.epsilon)))
        try set(architecture.rotaries.first, members: ropeMembers)
    }

    /// Whether attention has biases: those of all its linear layers, or of the queries' alone where the
    /// output has its own key.
    mutating func setAttentionBias(_ architecture: Architecture, _ key: String = "attention_bias") {
        setHuggingFace(
            key, .bool(architecture.attention?.projections.first?.bias != nil))
    }

    /// Refuses to export to GGUF what llama.cpp does not have in this family.
    func refuseInGGUF(_ what: String, if isTrue: Bool) throws(ADPOError) {
        if kind == .gguf, isTrue { throw unsupported(what) }
    }

    /// Refuses biases of attention's output and of the feed-forward parts, and, unless told otherwise, of
    /// queries, keys and values.
    func refuseBiasesInGGUF(
        _ architecture: Architecture, butOfQueries: Bool = false
    ) throws(ADPOError) {
        let attention = architecture.attention
        try refuseInGGUF(
            "biases",
            if: architecture.hasInnerBias || attention?.output.bias != nil
                || (!butOfQueries && attention?.projections.first?.bias != nil))
    }
}
