import CKernels
import Glibc

/// Cosines and sines of the rotary position embeddings (arXiv 2104.09864), [positions, pairs].
package struct RoPETable: ~Copyable {
    private let cosines: Buffer<Float>
    private let sines: Buffer<Float>
    private let pairs: Int
    package let positions: Int

    /// `frequencies` holds the angle per position of each pair, [head_width / 2]; `magnitude`
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

    /// Rotates each head of x, [rows, heads, head_width], in place by its row's position.
    package func forward(
        _ x: UnsafeMutablePointer<Float>, positions: UnsafePointer<Int32>, rows: Int, heads: Int,
        interleaved: Bool
    ) {
        rotate(x, positions, rows, heads, interleaved, direction: 1)
    }

    /// The derivative: a rotation back, of dx in place.
    package func backward(
        _ dx: UnsafeMutablePointer<Float>, positions: UnsafePointer<Int32>, rows: Int, heads: Int,
        interleaved: Bool
    ) {
        rotate(dx, positions, rows, heads, interleaved, direction: -1)
    }

    private func rotate(
        _ x: UnsafeMutablePointer<Float>, _ positions: UnsafePointer<Int32>, _ rows: Int,
        _ heads: Int, _ interleaved: Bool, direction: Float
    ) {
        let (cosines, sines, pairs) = (cosines.pointer, sines.pointer, pairs)
        Parallel.forEachRange(rows) { range in
            adpo_rope(
                x + range.lowerBound * heads * pairs * 2, positions + range.lowerBound, cosines,
                sines, range.count, heads, pairs * 2, interleaved ? 1 : 0, direction)
        }
    }
}
