import ADPOBase

/// A tensor where it lies in a mapped file: nothing is copied.
package struct TensorView: Sendable {
    package let name: String
    package let encoding: Encoding
    /// Outermost dimension first, as PyTorch writes it: a linear layer's weight is [out, in].
    package let shape: [Int]
    /// The encoded weights, row-major, exactly `encoding.byteCount(shape:)` of them.
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

    /// The tensor that starts at byte `offset` of `file`, once that is shown to lie inside.
    init(name: String, encoding: Encoding, shape: [Int], offset: Int, file: MappedFile)
        throws(ADPOError)
    {
        guard let byteCount = encoding.byteCount(shape: shape) else {
            throw ADPOError(
                .format,
                """
                \(file.path): tensor "\(name)" has the shape \(shape), which is too large or no \
                whole number of \(encoding.name) blocks (\(encoding.blockElements) weights each)
                """)
        }
        guard offset >= 0, offset <= file.bytes.count, byteCount <= file.bytes.count - offset else {
            throw ADPOError(
                .format,
                """
                \(file.path): tensor "\(name)" needs \(byteCount) bytes from byte \(offset), but \
                the file ends at byte \(file.bytes.count): it is truncated or damaged
                """)
        }
        self.init(
            name: name, encoding: encoding, shape: shape,
            bytes: UnsafeRawBufferPointer(rebasing: file.bytes[offset..<offset + byteCount]),
            file: file)
    }

    package var elementCount: Int { shape.reduce(1, *) }
}
