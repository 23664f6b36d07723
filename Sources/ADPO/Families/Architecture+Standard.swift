import ADPOBase
import ADPOTensor

/// The names of what is not in layers, and of the layers themselves, as transformers has them.
package struct StandardNames {
    /// Goes before the names in the file.
    package var prefix = "model."
    /// Goes before the names of modules, where it is another.
    package var modulePrefix: String?
    package var embedding = "embed_tokens"
    package var layers = "layers"
    package var finalNorm = "norm"
    package var head = "lm_head"
    package var headHasBias = false
    /// Goes before the head's name in the file.
    package var headPrefix = ""

    package init() {}

    /// Names of tensors that are not of the text part of a multimodal model begin with one of these.
    static let visionTensors = [
        "model.vision_tower.", "vision_tower.", "model.multi_modal_projector.",
        "multi_modal_projector.",
    ]

    /// Those of the text part of a multimodal model, which differ from one version of transformers to the
    /// other.
    func ofTextPart(_ file: TensorFile) -> StandardNames {
        var names = self
        names.modulePrefix = "model.language_model."
        let newer = "model.language_model."
        if file.contains("\(newer)\(embedding).weight") {
            names.prefix = newer
        } else {
            (names.prefix, names.headPrefix) = ("language_model.model.", "language_model.")
        }
        return names
    }
}

/// The most parameters that a configuration may describe, so that one that lies takes no memory: ten times
/// those of the largest mixtures.
private let maximumParameters = 1 << 20

extension Architecture {
    /// The parts that are alike in all families: embedding, layers, final norm, and the head, which may be
    /// the embedding.
    ///
    /// - Parameters:
    ///   - norm: Lists a norm of the hidden states under a name.
    ///   - layer: Lists and describes a layer.
    package init(
        family: String, _ source: ModelSource, _ sizes: Sizes,
        names: StandardNames = StandardNames(),
        tiedByDefault: Bool = false, rotaries: [RotaryEmbedding],
        norm: (inout ParameterBuilder, ParameterBuilder.Name) -> NormLayer,
        layer: (inout ParameterBuilder, _ index: Int) throws(ADPOError) -> Layer
    ) throws(ADPOError) {
        let names = source.isTextPart ? names.ofTextPart(source.file) : names
        var build = ParameterBuilder(source.file)
        let prefix = ParameterBuilder.Prefix(names.prefix, "", module: names.modulePrefix)
        let embedding = try build.with(prefix) { (build) throws(ADPOError) in
            build.matrix(
                .init(names.embedding, "token_embd"), .embedding, rows: sizes.vocabulary,
                columns: sizes.width)
        }
        var layers: [Layer] = []
        for index in 0..<sizes.layers {
            let prefix = ParameterBuilder.Prefix(
                "\(names.prefix)\(names.layers).\(index).", "blk.\(index).",
                module: "\(prefix.module)\(names.layers).\(index).")
            layers.append(
                try build.with(prefix, layer: index) { (build) throws(ADPOError) in
                    try layer(&build, index)
                })
            guard build.list.order.count <= maximumParameters else {
                throw ADPOError(
                    .format,
                    "\(source.path): \(sizes.layers) layers like the first would have more than "
                        + "\(maximumParameters) tensors")
            }
        }
        let finalNorm = try build.with(prefix) { (build) throws(ADPOError) in
            norm(&build, .init(names.finalNorm, "output_norm"))
        }
        let isTied = try source.isTied(names, default: tiedByDefault)
        let headPrefix = ParameterBuilder.Prefix(names.headPrefix, "", module: "")
        let head =
            isTied
            ? embedding
            : try build.with(headPrefix) { (build) throws(ADPOError) in
                build.matrix(
                    .init(names.head, "output"), .head, rows: sizes.vocabulary,
                    columns: sizes.width)
            }
        let headBias =
            names.headHasBias
            ? build.bias(.init(names.head, "output"), count: sizes.vocabulary) : nil
        self.init(
            family: family, width: sizes.width, vocabulary: sizes.vocabulary,
            context: sizes.context, embedding: embedding, layers: layers, finalNorm: finalNorm,
            head: head, rotaries: rotaries, parameters: build.list)
        self.headBias = headBias
        ignoredTensors = [
            ".rotary_emb.inv_freq", RotaryEmbedding.divisorsName, RotaryEmbedding.longFactors,
            RotaryEmbedding.shortFactors,
        ]
        if source.isTextPart { ignoredTensors += StandardNames.visionTensors }
        if isTied { ignoredTensors.append("\(names.head).weight") }
    }
}

extension ModelSource {
    /// Whether the head is the embedding. Of multimodal models both the whole and the text part say it,
    /// and not always the same, so that the file's tensors tell, as in GGUF files.
    fileprivate func isTied(
        _ names: StandardNames, default isTied: Bool
    ) throws(ADPOError) -> Bool {
        if kind == .gguf { return !file.contains("output.weight") }
        if isTextPart { return !file.contains("\(names.headPrefix)\(names.head).weight") }
        return try configuration.bool("tie_word_embeddings", default: isTied)
    }
}

extension Architecture {
    /// Adds learned embeddings of positions.
    package mutating func addPositions(_ name: ParameterBuilder.Name, module: String) {
        positions = parameters.addMatrix(
            Parameter(
                role: .positions, shape: [context, width], module: module,
                huggingFace: Place("\(name.huggingFace).weight"),
                gguf: Place("\(name.gguf).weight"), layer: nil))
    }
}

extension ConfigurationWriter {
    /// The members that transformers looks at first.
    package mutating func setHuggingFaceModel(_ type: String, class name: String, isTied: Bool) {
        setHuggingFace("architectures", .array([.string(name)]))
        setHuggingFace("model_type", .string(type))
        setHuggingFace("tie_word_embeddings", .bool(isTied))
    }

    /// The activation of the feed-forward parts. llama.cpp takes one for granted in each family.
    ///
    /// - Throws: `.unsupported` where a GGUF file cannot say it.
    package mutating func set(
        _ activation: Activation?, _ key: String, inGGUF only: Activation
    ) throws(ADPOError) {
        guard let activation else { return }
        setHuggingFace(key, .string(activation.name))
        if kind == .gguf, activation != only {
            throw unsupported("the activation \(activation.name)")
        }
    }

    /// The error for an export to GGUF of something that llama.cpp computes otherwise.
    package func unsupported(_ what: String) -> ADPOError {
        ADPOError(
            .unsupported,
            "\(source): GGUF files of this family cannot say that the model has \(what); export to a "
                + "directory instead")
    }

    /// One that rotates a part of each head.
    package mutating func setPartial(
        _ rotary: RotaryEmbedding?, _ sizes: Sizes
    ) throws(ADPOError) {
        guard let rotary else { return }
        try set(rotary)
        setHuggingFace(
            "partial_rotary_factor", .double(Double(rotary.width) / Double(sizes.headWidth)))
    }

    /// The one rotary embedding of an architecture, as all versions of transformers read it.
    ///
    /// - Throws: `.unsupported` for one that transformers does not know.
    ///
    /// - Parameter members: What the family has beside RoPE's own parameters.
    package mutating func set(
        _ rotary: RotaryEmbedding?, members: [(key: String, value: JSON)] = []
    ) throws(ADPOError) {
        guard let rotary else { return }
        rotary.setGGUF(&self)
        guard kind == .huggingFace else { return }
        setHuggingFace("rope_theta", .shortest(Float(rotary.base)))
        let scaling = try rotary.huggingFaceScaling(source: source)
        setHuggingFace(
            "rope_scaling",
            members.isEmpty ? scaling ?? .null : .object((scaling?.members ?? []) + members))
    }
}
