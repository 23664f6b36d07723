/// Some heads of each token, where they lie: in rows of their own, or as a part of longer ones.
package struct Heads {
    package let floats: UnsafeMutablePointer<Float>
    /// Floats from one token to the next.
    package let rowStride: Int
    /// Floats from one head to the next.
    package let headStride: Int

    package init(floats: UnsafeMutablePointer<Float>, rowStride: Int, headStride: Int) {
        self.floats = floats
        self.rowStride = rowStride
        self.headStride = headStride
    }

    /// The heads from one on.
    package func from(_ head: Int) -> Heads {
        Heads(
            floats: floats + head * headStride, rowStride: rowStride, headStride: headStride)
    }

    package func place(_ row: Int, _ head: Int) -> UnsafeMutablePointer<Float> {
        floats + row * rowStride + head * headStride
    }

    /// One head of the tokens from a row on, as the operand of a product.
    func operand(row: Int, head: Int, transposed: Bool = false) -> Operand {
        Operand(
            place(row, head), stride: rowStride, transposed: transposed)
    }
}
