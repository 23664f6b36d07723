import ADPOTensor

extension Architecture {
    /// All that changes what a model computes beside its weights, as keys and values that mean the same in
    /// every version: fingerprints are made of them.
    package var identity: [(key: String, value: String)] {
        var identity: [(key: String, value: String)] = [
            ("family", family), ("width", "\(width)"), ("vocabulary", "\(vocabulary)"),
            ("embedding_scale", "\(embeddingScale)"), ("tied", "\(hasTiedHead)"),
            ("logit_scale", "\(logitScale)"), ("logit_cap", text(logitCap)),
            ("norm_epsilon", "\(finalNorm.epsilon)"),
        ]
        // What only some families have is said where it is there, so that the fingerprints of all other
        // models stay.
        if headBias != nil { identity.append(("head_bias", "true")) }
        for rotary in rotaries { identity += rotary.identity }
        for layer in layers {
            identity.append(("parallel", "\(layer.isParallel)"))
            for branch in [layer.mixer, layer.feedForward] {
                identity.append(("branch_scale", "\(branch.scale)"))
                for norm in [branch.before, branch.after] {
                    identity.append(("norm_epsilon", text(norm?.epsilon)))
                }
                identity += branch.block.identity
            }
        }
        return identity
    }
}

extension Block {
    fileprivate var identity: [(key: String, value: String)] {
        switch self {
        case .attention(let block):
            let attention = block.attention
            var identity = [
                ("heads", "\(attention.heads)"), ("key_value_heads", "\(attention.keyValueHeads)"),
                ("head_width", "\(attention.headWidth)"), ("scale", "\(attention.scale)"),
                ("window", text(attention.window)), ("soft_cap", text(attention.softCap)),
                ("rotary", text(block.rotary?.table)),
                ("interleaved", text(block.rotary?.isInterleaved)),
            ]
            // What the models of earlier versions do not have is left out, or they would change.
            if block.queryNorms.count > 1 {
                identity.append(("head_norms", "\(block.queryNorms.count)"))
            }
            if block.rotatesBeforeNorms { identity.append(("rotates_before_norms", "true")) }
            if let scale = block.positionScale {
                identity.append(("position_scale", "\(scale.beta) \(scale.context)"))
            }
            return identity
        case .feedForward(let block): return block.identity
        case .experts(let block):
            let expert = block.experts.first?.identity ?? []
            return expert + [
                ("experts", "\(block.experts.count)"), ("top_k", "\(block.topK)"),
                ("normalized", "\(block.isNormalized)"),
            ] + (block.shared?.identity ?? [])
        }
    }
}

extension SharedExpert {
    fileprivate var identity: [(key: String, value: String)] {
        [("shared_expert", "\(feedForward.width)")]
    }
}

extension FeedForward {
    fileprivate var identity: [(key: String, value: String)] {
        [("activation", activation.name), ("inner_width", "\(width)")]
    }
}

extension RotaryEmbedding {
    fileprivate var identity: [(key: String, value: String)] {
        // What the embedding computes says more than how it is described: tables for a short and a long
        // text.
        let frequencies = [1, 1 << 20].flatMap { self.frequencies(length: $0) }
        return [
            ("rope_base", "\(base)"), ("rope_width", "\(width)"),
            ("rope_magnitude", "\(magnitude)"),
            ("rope_frequencies", frequencies.map { "\($0)" }.joined(separator: " ")),
        ]
    }
}

private func text(_ value: (some CustomStringConvertible)?) -> String {
    value.map(\.description) ?? "none"
}
