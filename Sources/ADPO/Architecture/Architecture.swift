/// A decoder-only transformer, described: all that the decoder knows of a model.
///
/// A family translates a model's configuration into this value.
package struct Architecture: Sendable {
    /// Hugging Face's `model_type`.
    package var family: String
    /// The width of the hidden states.
    package var width: Int
    /// The number of token ids that the head scores.
    package var vocabulary: Int
    /// The positions that the model was trained for.
    package var context: Int
    package var embedding: MatrixID  // [vocabulary, width]
    /// A factor of the embedding's rows.
    package var embeddingScale: Float = 1
    /// Learned embeddings of positions, which are added; [positions, width].
    package var positions: MatrixID?
    package var layers: [Layer]
    package var finalNorm: NormLayer
    package var head: MatrixID  // [vocabulary, width]; the embedding where it is tied
    /// Added to the products with the head, [vocabulary].
    package var headBias: VectorID?
    /// A factor of all logits.
    package var logitScale: Float = 1
    /// Logits are cap * tanh(logits / cap).
    package var logitCap: Float?
    package var rotaries: [RotaryEmbedding]
    package var parameters: ParameterList
    /// Tensors with these beginnings or ends may stand in a file, and are not the decoder's.
    package var ignoredTensors: [String] = []

    package var hasTiedHead: Bool { head == embedding }
    package var attention: AttentionBlock? { layers.first?.attention }

    /// The most positions that the model has at all; nil where any number will do.
    package var maximumPositions: Int? { positions.map { parameters[$0].shape[0] } }
}

extension Architecture {
    /// The most rows that go into a linear layer, and the widest input or output of one.
    func largestLinear(tokens: Int) -> (rows: Int, width: Int) {
        var (rows, widest) = (tokens, width)
        for layer in layers {
            for branch in [layer.mixer, layer.feedForward] {
                if case .experts(let block) = branch.block { rows = max(rows, tokens * block.topK) }
            }
        }
        for parameter in parameters.matrices where parameter.layer != nil {
            widest = max(widest, parameter.shape.max() ?? 0)
        }
        return (rows, widest)
    }

    /// The multiplications with weights of the layers that a token takes.
    package var multiplications: Double {
        layers.reduce(0) { sum, layer in
            [layer.mixer.block, layer.feedForward.block].reduce(sum) { $0 + $1.multiplications }
        }
    }

    /// Whether a cached text of `past` tokens must be computed again before more are added: LongRoPE rotates
    /// texts beyond the original context otherwise.
    package func startsAnew(after past: Int, with more: Int) -> Bool {
        past > 0
            && rotaries.contains { rotary in
                guard case .longRoPE = rotary.scaling else { return false }
                return rotary.variant(length: past) != rotary.variant(length: past + more)
            }
    }

    /// Whether a tensor of a file is none of the decoder's.
    func isIgnored(_ name: String) -> Bool {
        ignoredTensors.contains { name.hasPrefix($0) || name.hasSuffix($0) }
    }
}
