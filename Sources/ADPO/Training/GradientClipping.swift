import ADPOBase
import CKernels

/// Scales the gradient down to the norm `maximumNorm`, as PyTorch's `clip_grad_norm_` does;
/// 0 does not clip.
///
/// - Returns: The Euclidean norm before clipping.
/// - Throws: `.numeric` when the gradient holds NaN or infinity; it is then as it was.
package func clipGradient(
    _ gradient: UnsafeMutableBufferPointer<Float>, maximumNorm: Double
) throws(ADPOError) -> Double {
    guard let values = gradient.baseAddress else { return 0 }
    let norm = adpo_sum_of_squares(values, gradient.count).squareRoot()
    guard norm.isFinite else {
        throw ADPOError(
            .numeric, "the gradient is not finite; a lower learning rate or beta may help")
    }
    let factor = maximumNorm / (norm + 1e-6)
    if maximumNorm > 0, factor < 1 {
        for index in gradient.indices { gradient[index] *= Float(factor) }
    }
    return norm
}
