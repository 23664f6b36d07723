/// A small frozen vector of the model, decoded to floats: a norm's weight, a bias.
package final class Vector: Sendable {
    private let buffer: Buffer<Float>

    package init(_ values: [Float]) throws(ADPOError) {
        let buffer = try Buffer<Float>(zeros: values.count)
        buffer.pointer.update(from: values, count: values.count)
        self.buffer = buffer
    }

    /// Decodes a one-dimensional tensor.
    package init(_ view: TensorView) throws(ADPOError) {
        let buffer = try Buffer<Float>(zeros: view.elementCount)
        view.encoding.decode(view.bytes.baseAddress, buffer.pointer, view.elementCount)
        self.buffer = buffer
    }

    package var count: Int { buffer.count }
    package var pointer: UnsafePointer<Float> { UnsafePointer(buffer.pointer) }
}
