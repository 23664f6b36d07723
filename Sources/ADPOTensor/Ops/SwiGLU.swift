import CKernels

/// The gated activation (arXiv 2002.05202): out = silu(gate) * up, elementwise.
package enum SwiGLU {
    /// So much at a time that waking a thread pays, and that threads do not share cache lines.
    private static let alignment = 4096

    package static func forward(
        gate: UnsafePointer<Float>, up: UnsafePointer<Float>, count: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        Parallel.forEachRange(count, alignment: alignment) { range in
            let i = range.lowerBound
            adpo_swiglu(gate + i, up + i, out + i, range.count)
        }
    }

    /// The derivatives replace gate and up.
    package static func backward(
        gate: UnsafeMutablePointer<Float>, up: UnsafeMutablePointer<Float>,
        dout: UnsafePointer<Float>, count: Int
    ) {
        Parallel.forEachRange(count, alignment: alignment) { range in
            let i = range.lowerBound
            adpo_swiglu_backward(gate + i, up + i, dout + i, range.count)
        }
    }
}
