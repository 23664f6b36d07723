import ADPOBase

/// A tensor that is to be written: what the head of the file says of it.
package struct NewTensor: Sendable {
    package let name: String
    package let shape: [Int]
    package let encoding: Encoding
    package let byteCount: Int

    /// - Throws: `.internal` when the shape is no whole number of blocks.
    package init(name: String, shape: [Int], encoding: Encoding) throws(ADPOError) {
        guard let byteCount = encoding.byteCount(shape: shape) else {
            throw ADPOError(
                .internal, "tensor \"\(name)\" of shape \(shape) cannot be \(encoding.name)")
        }
        self.name = name
        self.shape = shape
        self.encoding = encoding
        self.byteCount = byteCount
    }

    /// Lets `body` append the tensor's bytes to a file, and counts them.
    ///
    /// - Throws: what `body` throws, and `.internal` when it appended too few or too many.
    func write(
        to file: AtomicFile, _ body: (NewTensor, AtomicFile) throws(ADPOError) -> Void
    ) throws(ADPOError) {
        let start = file.position
        try body(self, file)
        let written = file.position - start
        guard written == byteCount else {
            throw ADPOError(
                .internal, "tensor \"\(name)\" got \(written) bytes instead of \(byteCount)")
        }
    }
}
