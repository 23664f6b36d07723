import ADPOBase

/// A small vector of the model in floats: a norm's weight, a bias.
package struct Vector: Sendable {
    package let count: Int
    private let floats: SharedFloats
    private let offset: Int

    package init(_ values: [Float]) throws(ADPOError) {
        let floats = try SharedFloats(zeros: values.count)
        floats.pointer.update(from: values, count: values.count)
        self.init(floats, 0..<values.count)
    }

    /// Decodes a one-dimensional tensor, and adds a number to each element.
    package init(_ view: TensorView, adding offset: Float = 0) throws(ADPOError) {
        let floats = try SharedFloats(zeros: view.elementCount)
        view.encoding.decode(view.bytes.baseAddress, floats.pointer, view.elementCount)
        if offset != 0 {
            for index in 0..<view.elementCount { floats.pointer[index] += offset }
        }
        self.init(floats, 0..<view.elementCount)
    }

    /// A range of floats, where they lie.
    package init(_ floats: SharedFloats, _ range: Range<Int>) {
        self.floats = floats
        offset = range.lowerBound
        count = range.count
    }

    /// One of several equal parts.
    package func part(_ index: Int, of count: Int) -> Vector {
        let size = self.count / count
        let start = offset + index * size
        return Vector(floats, start..<start + size)
    }

    /// Valid while the vector lives.
    package var pointer: UnsafePointer<Float> { UnsafePointer(floats.pointer + offset) }
}
