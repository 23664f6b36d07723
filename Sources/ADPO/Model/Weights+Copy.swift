import ADPOTensor

extension Weights {
    /// The same weights as floats in one vector. First all matrices: embedding, each layer's, head;
    /// a tied head is the embedding. Then norms and biases, layer after layer.
    ///
    /// - Parameter floats: `// [weights.parameterCount]`; it is overwritten, and kept alive.
    package init(copying weights: Weights, into floats: SharedFloats) {
        var copy = WeightCopy(floats: floats, endOfVectors: weights.matrixElements)
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

    /// All matrices.
    var matrices: [Matrix] {
        [embedding] + layers.flatMap { $0.linears.map(\.weight) } + (hasTiedHead ? [] : [head])
    }

    var matrixElements: Int { matrices.reduce(0) { $0 + $1.rows * $1.columns } }
}

/// Decodes weights to where the last ones of their kind ended.
private struct WeightCopy {
    let floats: SharedFloats
    var endOfMatrices = 0
    var endOfVectors: Int

    mutating func matrix(_ matrix: Matrix) -> Matrix {
        let start = endOfMatrices
        endOfMatrices += matrix.rows * matrix.columns
        Parallel.forEachRange(matrix.rows) { rows in
            for row in rows {
                matrix.decode(row: row, into: floats.pointer + start + row * matrix.columns)
            }
        }
        return Matrix(floats, offset: start, rows: matrix.rows, columns: matrix.columns)
    }

    mutating func vector(_ vector: Vector) -> Vector {
        let start = endOfVectors
        endOfVectors += vector.count
        (floats.pointer + start).update(from: vector.pointer, count: vector.count)
        return Vector(floats, start..<endOfVectors)
    }

    mutating func norm(_ norm: RMSNorm) -> RMSNorm {
        RMSNorm(weight: vector(norm.weight), epsilon: norm.epsilon)
    }
}
