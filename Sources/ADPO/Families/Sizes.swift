import ADPOBase
import ADPOTensor

/// The sizes of a decoder, whose layers have them in common.
package struct Sizes {
    /// Where files have the sizes.
    package struct Keys {
        package var layers = ConfigurationKey("num_hidden_layers", "block_count")
        package var width = ConfigurationKey("hidden_size", "embedding_length")
        package var heads = ConfigurationKey("num_attention_heads", "attention.head_count")
        package var keyValueHeads = ConfigurationKey(
            "num_key_value_heads", "attention.head_count_kv")
        package var headWidth = ConfigurationKey("head_dim", "attention.key_length")
        package var inner = ConfigurationKey("intermediate_size", "feed_forward_length")
        package var context = ConfigurationKey("max_position_embeddings", "context_length")

        package init() {}
    }

    package var layers: Int
    /// The width of the hidden states.
    package var width: Int
    package var heads: Int
    package var keyValueHeads: Int
    package var headWidth: Int
    /// The width between the linear layers of the feed-forward part.
    package var inner: Int
    package var vocabulary: Int
    package var context: Int

    /// Reads and checks the sizes.
    ///
    /// - Parameters:
    ///   - headWidth: That of a family whose configuration need not say it.
    ///   - inner: The same for the feed-forward part, as a multiple of the width.
    package init(
        _ source: ModelSource, keys: Keys = Keys(), headWidth: Int? = nil, inner: Int? = nil,
        context: Int? = nil
    ) throws(ADPOError) {
        let configuration = source.configuration
        layers = try configuration.integer(keys.layers)
        width = try configuration.integer(keys.width)
        heads = try configuration.integer(keys.heads)
        keyValueHeads = try configuration.integer(keys.keyValueHeads, default: heads)
        self.headWidth = try configuration.integer(
            keys.headWidth, default: headWidth ?? (heads > 0 ? width / heads : 0))
        var ownInner: Int?
        if let inner { ownInner = width.multipliedReportingOverflow(by: inner).partialValue }
        self.inner = try configuration.integer(keys.inner, default: ownInner)
        vocabulary =
            source.kind == .gguf
            ? try source.file.tensor("token_embd.weight")?.shape.first ?? 0
            : try configuration.integer("vocab_size")
        self.context = try configuration.integer(keys.context, default: context)
        try check(source.path)
    }

    /// Refuses sizes that no model has, before anything is computed from them.
    private func check(_ source: String) throws(ADPOError) {
        let sizes = [
            ("layers", layers, 1 << 12), ("hidden width", width, 1 << 20),
            ("attention heads", heads, 1 << 12), ("key-value heads", keyValueHeads, 1 << 12),
            ("head width", headWidth, 1 << 12), ("feed-forward width", inner, 1 << 22),
            ("vocabulary", vocabulary, 1 << 24), ("context", context, 1 << 30),
        ]
        for (name, size, limit) in sizes where size < 1 || size > limit {
            throw ADPOError(.format, "\(source): impossible number of \(name): \(size)")
        }
        guard heads % keyValueHeads == 0 else {
            throw ADPOError(
                .format,
                "\(source): \(heads) attention heads do not share "
                    + "\(keyValueHeads) key-value heads evenly")
        }
        guard headWidth % 2 == 0 else {
            throw ADPOError(.format, "\(source): the head width \(headWidth) is odd")
        }
    }

    /// The attention of these sizes, scaled by 1 / sqrt(headWidth) unless told otherwise.
    package func attention(
        scale: Float? = nil, window: Int? = nil, softCap: Float? = nil
    ) -> Attention {
        Attention(
            heads: heads, keyValueHeads: keyValueHeads, headWidth: headWidth,
            scale: scale ?? 1 / Float(headWidth).squareRoot(), window: window, softCap: softCap)
    }
}

extension Sizes {
    /// The sizes of an architecture, from its first layer.
    ///
    /// - Throws: `.internal` for one without layers.
    package init(_ architecture: Architecture) throws(ADPOError) {
        guard let layer = architecture.layers.first, let block = layer.attention else {
            throw ADPOError(.internal, "an architecture has no layers")
        }
        layers = architecture.layers.count
        width = architecture.width
        heads = block.attention.heads
        keyValueHeads = block.attention.keyValueHeads
        headWidth = block.attention.headWidth
        inner =
            switch layer.feedForward.block {
            case .feedForward(let block): block.width
            case .experts(let block): block.experts.first?.width ?? 0
            case .attention: 0
            }
        vocabulary = architecture.vocabulary
        context = architecture.context
    }

    package func write(to writer: inout ConfigurationWriter, keys: Keys = Keys()) {
        for (key, size) in [
            (keys.layers, layers), (keys.context, context), (keys.width, width),
            (keys.inner, inner), (keys.heads, heads), (keys.keyValueHeads, keyValueHeads),
            (keys.headWidth, headWidth), (ConfigurationKey("vocab_size", "vocab_size"), vocabulary),
        ] {
            writer.set(key, .integer(size))
        }
        writer.setGGUF("attention.value_length", .integer(headWidth))
    }
}
