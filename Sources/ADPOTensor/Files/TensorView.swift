/// A tensor where it lies in a mapped file: nothing is copied.
package struct TensorView: Sendable {
    package let name: String
    package let encoding: Encoding
    /// Outermost dimension first, as PyTorch writes it: a linear layer's weight is [out, in].
    package let shape: [Int]
    /// The encoded weights, row-major, exactly `encoding.byteCount(elements:)` of them.
    package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    /// Keeps the mapping alive.
    package let file: MappedFile

    package init(
        name: String, encoding: Encoding, shape: [Int], bytes: UnsafeRawBufferPointer,
        file: MappedFile
    ) {
        self.name = name
        self.encoding = encoding
        self.shape = shape
        self.bytes = bytes
        self.file = file
    }

    package var elementCount: Int { shape.reduce(1, *) }
}
