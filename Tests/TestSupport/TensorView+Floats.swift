import ADPOTensor

extension TensorView {
    /// All weights, decoded.
    package var floats: [Float] {
        defer { withExtendedLifetime(file) {} }
        return [Float](unsafeUninitializedCapacity: elementCount) { floats, count in
            encoding.decode(bytes.baseAddress, floats.baseAddress, elementCount)
            count = elementCount
        }
    }
}
