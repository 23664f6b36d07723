import ADPOTensor

/// A decoder-only transformer, described: all that the decoder knows of a model.
///
/// A family translates a model's configuration into this value; a new family that needs new
/// mathematics adds a case here and its code in `Ops`, never a second decoder.
package struct Architecture: Sendable {
    package var family: String
    package var layers: Int
    /// The width of the hidden states.
    package var width: Int
    package var heads: Int
    package var keyValueHeads: Int
    package var headWidth: Int
    package var feedForwardWidth: Int
    package var vocabulary: Int
    /// The positions that the model was trained for.
    package var context: Int
    package var normEpsilon: Float
    package var rotary: RotaryEmbedding
    /// The head is the transposed embedding.
    package var hasTiedHead: Bool
    package var tensorNames: TensorNames

    package var attention: Attention {
        Attention(
            heads: heads, keyValueHeads: keyValueHeads, headWidth: headWidth,
            scale: 1 / Float(headWidth).squareRoot())
    }

    package var queryWidth: Int { heads * headWidth }
    package var keyWidth: Int { keyValueHeads * headWidth }

    /// The weight's shape of a linear layer, [out, in].
    package func shape(of linear: LinearLayer) -> (rows: Int, columns: Int) {
        switch linear {
        case .query: (queryWidth, width)
        case .key, .value: (keyWidth, width)
        case .output: (width, queryWidth)
        case .gate, .up: (feedForwardWidth, width)
        case .down: (width, feedForwardWidth)
        }
    }

    /// Whether files with these names have the rows of q and k in the order of interleaved RoPE:
    /// llama.cpp's converter brings those of the llama architecture into it.
    package func isInterleaved(in names: TensorNames) -> Bool {
        names == .gguf && family == "llama"
    }

    /// Where a row of q or k lies in a file whose RoPE pairs are interleaved or not, given where it
    /// lies in one of the other or the same kind. All other rows stay where they are.
    ///
    /// Row `2 pair + half` of a head with interleaved pairs is row `half * headWidth / 2 + pair` of
    /// one whose halves are rotated.
    package func row(
        _ row: Int, of linear: LinearLayer, interleaved: Bool, toInterleaved: Bool
    ) -> Int {
        guard interleaved != toInterleaved, linear == .query || linear == .key else { return row }
        let (head, element) = row.quotientAndRemainder(dividingBy: headWidth)
        let half = headWidth / 2
        let moved =
            interleaved ? element % 2 * half + element / 2 : element % half * 2 + element / half
        return head * headWidth + moved
    }

    /// Refuses sizes that no model has, before anything is computed from them.
    package func validate(source: String) throws(ADPOError) {
        let sizes = [
            ("layers", layers, 1 << 12), ("hidden width", width, 1 << 20),
            ("attention heads", heads, 1 << 12), ("key-value heads", keyValueHeads, 1 << 12),
            ("head width", headWidth, 1 << 12),
            ("feed-forward width", feedForwardWidth, 1 << 22),
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
        guard normEpsilon.isFinite, normEpsilon >= 0 else {
            throw ADPOError(.format, "\(source): impossible norm epsilon \(normEpsilon)")
        }
    }
}

/// The linear layers of a decoder layer: those that LoRA adapts.
package enum LinearLayer: Int, CaseIterable, Sendable {
    case query, key, value, output, gate, up, down

    /// The module's path in a Hugging Face decoder layer.
    package var moduleName: String {
        switch self {
        case .query: "self_attn.q_proj"
        case .key: "self_attn.k_proj"
        case .value: "self_attn.v_proj"
        case .output: "self_attn.o_proj"
        case .gate: "mlp.gate_proj"
        case .up: "mlp.up_proj"
        case .down: "mlp.down_proj"
        }
    }

    /// The module's own name, the last part of its path.
    package var projectionName: String {
        moduleName.split(separator: ".").last.map { String($0) } ?? moduleName
    }

    /// Its name in a GGUF block.
    package var ggufName: String {
        switch self {
        case .query: "attn_q"
        case .key: "attn_k"
        case .value: "attn_v"
        case .output: "attn_output"
        case .gate: "ffn_gate"
        case .up: "ffn_up"
        case .down: "ffn_down"
        }
    }
}

/// How a file names the tensors of a decoder.
package enum TensorNames: Sendable {
    case huggingFace
    case gguf

    /// Those of the kind of file that a path asks for.
    package init(path: String) {
        self = path.utf8.suffix(5).elementsEqual(".gguf".utf8) ? .gguf : .huggingFace
    }

    package var embedding: String {
        switch self {
        case .huggingFace: "model.embed_tokens.weight"
        case .gguf: "token_embd.weight"
        }
    }

    package var finalNorm: String {
        switch self {
        case .huggingFace: "model.norm.weight"
        case .gguf: "output_norm.weight"
        }
    }

    package var head: String {
        switch self {
        case .huggingFace: "lm_head.weight"
        case .gguf: "output.weight"
        }
    }

    package func attentionNorm(layer: Int) -> String {
        switch self {
        case .huggingFace: "model.layers.\(layer).input_layernorm.weight"
        case .gguf: "blk.\(layer).attn_norm.weight"
        }
    }

    package func feedForwardNorm(layer: Int) -> String {
        switch self {
        case .huggingFace: "model.layers.\(layer).post_attention_layernorm.weight"
        case .gguf: "blk.\(layer).ffn_norm.weight"
        }
    }

    /// Without the ending ".weight" or ".bias".
    package func linear(_ linear: LinearLayer, layer: Int) -> String {
        switch self {
        case .huggingFace: "model.layers.\(layer).\(linear.moduleName)"
        case .gguf: "blk.\(layer).\(linear.ggufName)"
        }
    }
}
