import CKernels

/// Dropout (Srivastava et al., JMLR 15, 2014): each element is 0 with a probability, and otherwise
/// divided by 1 - probability.
///
/// Which ones follows from a seed and an element's place alone, so that the mask is computed again
/// where it is wanted again, on any number of threads.
package struct Dropout {
    private let seed: UInt64
    /// In units of 2^-32.
    private let threshold: UInt32
    private let scale: Float

    /// `probability` is at least 0 and below 1.
    package init(probability: Double, seed: UInt64) {
        self.seed = seed
        threshold = UInt32(min(max(probability, 0) * 0x1p32, 0xFFFF_FFFF))
        scale = Float(1 / (1 - probability))
    }

    /// y = what is left of x, [count].
    package func forward(
        _ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>
    ) {
        apply(x, count, kept: scale, dropped: 0, adds: false, y)
    }

    /// y = x less what is left of it, [count].
    package func remainder(
        _ x: UnsafePointer<Float>, count: Int, into y: UnsafeMutablePointer<Float>
    ) {
        apply(x, count, kept: 1 - scale, dropped: 1, adds: false, y)
    }

    /// dx += the derivative by x, given dy, [count].
    package func backward(
        _ dy: UnsafePointer<Float>, count: Int, into dx: UnsafeMutablePointer<Float>
    ) {
        apply(dy, count, kept: scale, dropped: 0, adds: true, dx)
    }

    private func apply(
        _ x: UnsafePointer<Float>, _ count: Int, kept: Float, dropped: Float, adds: Bool,
        _ y: UnsafeMutablePointer<Float>
    ) {
        Parallel.forEachRange(count, alignment: 16) { range in
            adpo_dropout(
                x + range.lowerBound, y + range.lowerBound, range.count, seed,
                UInt64(range.lowerBound), threshold, kept, dropped, adds ? 1 : 0)
        }
    }
}
