import ADPOBase
import CKernels

/// Cosines and sines of the rotary position embeddings (arXiv 2104.09864), [positions, pairs].
package struct RoPETable: ~Copyable {
    private let cosines: Buffer<Float>
    private let sines: Buffer<Float>
    private let pairs: Int
    package let positions: Int

    /// `frequencies` holds the angle per position of each pair, [rotated width / 2]; `magnitude`
    /// multiplies cosines and sines (1 but for YaRN).
    package init(positions: Int, frequencies: [Float], magnitude: Float) throws(ADPOError) {
        let pairs = frequencies.count
        let (count, overflow) = positions.multipliedReportingOverflow(by: pairs)
        guard !overflow else { throw ADPOError(.outOfMemory, "too many positions: \(positions)") }
        let cosines = try Buffer<Float>(zeros: count)
        let sines = try Buffer<Float>(zeros: count)
        for position in 0..<positions {
            for (pair, frequency) in frequencies.enumerated() {
                let angle = Float(position) * frequency
                cosines.pointer[position * pairs + pair] = cos(angle) * magnitude
                sines.pointer[position * pairs + pair] = sin(angle) * magnitude
            }
        }
        self.cosines = cosines
        self.sines = sines
        self.pairs = pairs
        self.positions = positions
    }

    /// Rotates the first dimensions of each head of x, two for each pair, in place by its row's position.
    package func forward(
        _ x: Heads, count: Int, positions: [Int32], interleaved: Bool
    ) {
        rotate(x, count, positions, interleaved, direction: 1)
    }

    /// The derivative: a rotation back, of dx in place.
    package func backward(
        _ dx: Heads, count: Int, positions: [Int32], interleaved: Bool
    ) {
        rotate(dx, count, positions, interleaved, direction: -1)
    }

    private func rotate(
        _ x: Heads, _ count: Int, _ positions: [Int32], _ interleaved: Bool, direction: Float
    ) {
        let (cosines, sines, pairs) = (cosines.pointer, sines.pointer, pairs)
        positions.withUnsafeBufferPointer { positions in
            guard let first = positions.baseAddress else { return }
            Parallel.forEachRange(positions.count) { range in
                adpo_rope(
                    x.floats + range.lowerBound * x.rowStride, first + range.lowerBound, cosines,
                    sines,
                    adpo_heads(
                        rows: range.count, heads: count, row_stride: x.rowStride,
                        head_stride: x.headStride), pairs, interleaved ? 1 : 0, direction)
            }
        }
    }
}
