import ADPOBase

/// Floats that several own: parameters that are trained, and the weights of the model that they are.
package final class SharedFloats: Sendable {
    private let buffer: Buffer<Float>

    /// - Throws: `.outOfMemory`.
    package init(zeros count: Int) throws(ADPOError) {
        buffer = try Buffer(zeros: count)
    }

    package var count: Int { buffer.count }
    package var pointer: UnsafeMutablePointer<Float> { buffer.pointer }
    package var elements: UnsafeBufferPointer<Float> { buffer.elements }
    package var mutableElements: UnsafeMutableBufferPointer<Float> { buffer.mutableElements }
}
