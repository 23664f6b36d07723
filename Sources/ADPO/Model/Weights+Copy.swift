import ADPOTensor

extension Weights {
    /// The same weights as floats in one vector: embedding, each layer's norms and linear layers,
    /// final norm, head. A tied head is the embedding.
    ///
    /// - Parameter floats: `// [weights.parameterCount]`; it is overwritten, and kept alive.
    package init(copying weights: Weights, into floats: SharedFloats) {
        var copy = WeightCopy(floats: floats)
        embedding = copy.matrix(weights.embedding)
        layers = weights.layers.map { layer in
            LayerWeights(
                attentionNorm: copy.norm(layer.attentionNorm),
                feedForwardNorm: copy.norm(layer.feedForwardNorm),
                linears: layer.linears.map {
                    Linear(weight: copy.matrix($0.weight), bias: $0.bias.map { copy.vector($0) })
                })
        }
        finalNorm = copy.norm(weights.finalNorm)
        head = weights.hasTiedHead ? embedding : copy.matrix(weights.head)
        parameterCount = weights.parameterCount
        byteCount = weights.parameterCount * MemoryLayout<Float>.stride
        encoding = .f32
    }

    private var hasTiedHead: Bool { head.bytes.baseAddress == embedding.bytes.baseAddress }

    /// All matrices; a tied head once more.
    var matrices: [Matrix] {
        [embedding] + layers.flatMap { $0.linears.map(\.weight) } + [head]
    }
}

/// Decodes weights to where the last ones ended.
private struct WeightCopy {
    let floats: SharedFloats
    var end = 0

    mutating func matrix(_ matrix: Matrix) -> Matrix {
        let start = end
        end += matrix.rows * matrix.columns
        Parallel.forEachRange(matrix.rows) { rows in
            for row in rows {
                matrix.decode(row: row, into: floats.pointer + start + row * matrix.columns)
            }
        }
        return Matrix(floats, offset: start, rows: matrix.rows, columns: matrix.columns)
    }

    mutating func vector(_ vector: Vector) -> Vector {
        let start = end
        end += vector.count
        (floats.pointer + start).update(from: vector.pointer, count: vector.count)
        return Vector(floats, start..<end)
    }

    mutating func norm(_ norm: RMSNorm) -> RMSNorm {
        RMSNorm(weight: vector(norm.weight), epsilon: norm.epsilon)
    }
}
