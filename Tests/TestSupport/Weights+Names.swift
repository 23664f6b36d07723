import ADPO
import ADPOTensor

extension Weights {
    /// The weights by the names that a file gives them; a tied head is not named again.
    package func values(_ names: TensorNames) -> [String: [Float]] {
        var values = [names.embedding: embedding.values, names.finalNorm: finalNorm.weight.values]
        for (index, layer) in layers.enumerated() {
            values[names.attentionNorm(layer: index)] = layer.attentionNorm.weight.values
            values[names.feedForwardNorm(layer: index)] = layer.feedForwardNorm.weight.values
            for linear in LinearLayer.allCases {
                let name = names.linear(linear, layer: index)
                values["\(name).weight"] = layer[linear].weight.values
                if let bias = layer[linear].bias { values["\(name).bias"] = bias.values }
            }
        }
        if head.bytes.baseAddress != embedding.bytes.baseAddress {
            values[names.head] = head.values
        }
        return values
    }
}

extension Matrix {
    fileprivate var values: [Float] {
        (0..<rows).flatMap { row in
            [Float](unsafeUninitializedCapacity: columns) { output, count in
                count = columns
                if let base = output.baseAddress { decode(row: row, into: base) }
            }
        }
    }
}

extension Vector {
    fileprivate var values: [Float] {
        Array(UnsafeBufferPointer(start: pointer, count: count))
    }
}
