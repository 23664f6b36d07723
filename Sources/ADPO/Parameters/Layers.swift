import ADPOTensor

/// A linear layer, described: y = x W^T + bias.
package struct LinearLayer: Sendable {
    package let weight: MatrixID
    package let bias: VectorID?
    /// The width of y.
    package let rows: Int
    /// The width of x.
    package let columns: Int
}

/// A norm, described.
package struct NormLayer: Sendable {
    package let kind: Norm.Kind
    package let weight: VectorID
    package let bias: VectorID?
    package let width: Int
    package let epsilon: Float
}
