import ADPOBase
import ADPOTensor

/// Scratch for products in tests.
package final class TestProducts {
    private let floats: Buffer<Float>
    private let pairs: Buffer<UInt32>
    private let isBF16: Bool
    private let lanes = 3

    /// `pairs` is the room for a left operand in bf16; 0 to compute in f32.
    package init(pairs count: Int = 0) throws(ADPOError) {
        let floats = try Buffer<Float>(zeros: lanes * ProductScratch.floatsPerLane)
        let pairs = try Buffer<UInt32>(zeros: count)
        self.floats = floats
        self.pairs = pairs
        isBF16 = count > 0
    }

    package var scratch: ProductScratch {
        ProductScratch(floats.pointer, lanes: lanes, pairs: isBF16 ? pairs.pointer : nil)
    }
}
