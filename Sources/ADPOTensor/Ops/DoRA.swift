import CKernels

/// DoRA (arXiv 2402.09353) on an adapted linear layer: the rows of W + scale B A are scaled to trained
/// norms, the magnitudes. So the outputs are, by magnitude / ||W + scale B A||.
///
/// The norm counts as a constant in the backward pass (section 4.3 of the paper).
package struct DoRA {
    let gains: UnsafePointer<Float>  // [rows], magnitude / norm
    let inverseNorms: UnsafePointer<Float>  // [rows]
    let rows: Int

    package init(
        gains: UnsafePointer<Float>, inverseNorms: UnsafePointer<Float>, rows: Int
    ) {
        self.gains = gains
        self.inverseNorms = inverseNorms
        self.rows = rows
    }

    /// y = gains x, or y += gains x when `adds`, for x and y [count, rows].
    func forward(
        _ x: UnsafePointer<Float>, count: Int, adds: Bool, into y: UnsafeMutablePointer<Float>
    ) {
        Parallel.forEachRange(count) { range in
            let start = range.lowerBound * rows
            adpo_scale_columns(x + start, gains, y + start, range.count, rows, adds ? 1 : 0)
        }
    }

    /// Adds to the magnitudes' gradient, and overwrites x with its own, given dy, [count, rows].
    func backward(
        _ x: UnsafeMutablePointer<Float>, dy: UnsafePointer<Float>, count: Int,
        dmagnitudes: UnsafeMutablePointer<Float>
    ) {
        Parallel.forEachRange(rows, alignment: 16) { range in
            let start = range.lowerBound
            adpo_scale_columns_backward(
                x + start, dy + start, gains + start, inverseNorms + start, dmagnitudes + start,
                count, range.count, rows)
        }
    }
}
