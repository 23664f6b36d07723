import ADPOTensor

/// A linear layer of the model: y = x W^T + bias.
package struct Linear: Sendable {
    package let weight: Matrix  // [out, in]
    package let bias: Vector?  // [out]
}

/// The weights of one decoder layer.
package struct LayerWeights: Sendable {
    package let attentionNorm: RMSNorm
    package let feedForwardNorm: RMSNorm
    /// In the order of `LinearLayer.allCases`.
    let linears: [Linear]

    package subscript(_ layer: LinearLayer) -> Linear { linears[layer.rawValue] }
}

/// All weights of a decoder, where they lie in the file, or in memory.
package struct Weights: Sendable {
    package let embedding: Matrix  // [vocabulary, width]
    package let layers: [LayerWeights]
    package let finalNorm: RMSNorm
    package let head: Matrix  // [vocabulary, width]
    package let parameterCount: Int
    package let byteCount: Int
    /// The encoding of most weights.
    package let encoding: Encoding
}

extension Weights {
    /// Finds every tensor that the architecture names, and checks its shape.
    package init(_ file: TensorFile, _ architecture: Architecture) throws(ADPOError) {
        var loader = WeightLoader(file: file, architecture: architecture)
        let names = architecture.tensorNames
        let vocabulary = (rows: architecture.vocabulary, columns: architecture.width)
        embedding = try loader.matrix(names.embedding, vocabulary)
        var layers: [LayerWeights] = []
        for layer in 0..<architecture.layers { layers.append(try loader.layer(layer)) }
        self.layers = layers
        finalNorm = try loader.norm(names.finalNorm)
        head =
            architecture.hasTiedHead ? embedding : try loader.matrix(names.head, vocabulary)
        parameterCount = loader.parameterCount
        byteCount = loader.byteCount
        encoding = loader.mostFrequentEncoding ?? .f32
    }
}

/// Takes tensors out of a file and counts what it took.
private struct WeightLoader {
    let file: TensorFile
    let architecture: Architecture
    var parameterCount = 0
    var byteCount = 0
    private var elementsByEncoding: [(encoding: Encoding, elements: Int)] = []

    init(file: TensorFile, architecture: Architecture) {
        self.file = file
        self.architecture = architecture
    }

    var mostFrequentEncoding: Encoding? {
        elementsByEncoding.max { $0.elements < $1.elements }?.encoding
    }

    mutating func layer(_ layer: Int) throws(ADPOError) -> LayerWeights {
        let names = architecture.tensorNames
        var linears: [Linear] = []
        for linear in LinearLayer.allCases {
            let name = names.linear(linear, layer: layer)
            let shape = architecture.shape(of: linear)
            linears.append(
                Linear(
                    weight: try matrix("\(name).weight", shape),
                    bias: try vector("\(name).bias", shape.rows)))
        }
        return LayerWeights(
            attentionNorm: try norm(names.attentionNorm(layer: layer)),
            feedForwardNorm: try norm(names.feedForwardNorm(layer: layer)), linears: linears)
    }

    mutating func norm(_ name: String) throws(ADPOError) -> RMSNorm {
        guard let weight = try vector(name, architecture.width) else { throw missing(name) }
        return RMSNorm(weight: weight, epsilon: architecture.normEpsilon)
    }

    mutating func matrix(
        _ name: String, _ shape: (rows: Int, columns: Int)
    ) throws(ADPOError) -> Matrix {
        guard let view = try file.tensor(name) else { throw missing(name) }
        try check(view, [shape.rows, shape.columns])
        count(view)
        if let index = elementsByEncoding.firstIndex(where: {
            $0.encoding.name == view.encoding.name
        }) {
            elementsByEncoding[index].elements += view.elementCount
        } else {
            elementsByEncoding.append((view.encoding, view.elementCount))
        }
        return try Matrix(view)
    }

    /// A bias or norm; nil when the file has none of this name.
    mutating func vector(_ name: String, _ count: Int) throws(ADPOError) -> Vector? {
        guard let view = try file.tensor(name) else { return nil }
        try check(view, [count])
        self.count(view)
        return try Vector(view)
    }

    private mutating func count(_ view: TensorView) {
        parameterCount += view.elementCount
        byteCount += view.bytes.count
    }

    private func check(_ view: TensorView, _ shape: [Int]) throws(ADPOError) {
        guard view.shape == shape else {
            throw ADPOError(
                .format,
                "\(file.path): tensor \(view.name) has shape \(view.shape), not \(shape) "
                    + "as the configuration says")
        }
    }

    private func missing(_ name: String) -> ADPOError {
        ADPOError(.format, "\(file.path): tensor \(name) is missing")
    }
}
