import ADPOTensor
import CKernels

/// The type that products with the model's weights compute in. All else is f32: sums, adapters, norms,
/// attention, the loss.
public enum DType: String, Sendable, CaseIterable {
    case f32
    /// Weights and activations are rounded to bfloat16, sums are f32. Where the processor has no
    /// bf16 dot product, f32.
    case bf16
    /// bf16 where the processor has its dot product and the model's weights are not F32 anyway;
    /// otherwise f32.
    case auto

    /// `.f32` or `.bf16`: what is used for these weights on this processor.
    package func resolved(for weights: Weights) -> DType {
        guard adpo_has_bf16_products() != 0 else { return .f32 }
        switch self {
        case .f32: return .f32
        case .bf16: return .bf16
        case .auto: return weights.encoding == .f32 ? .f32 : .bf16
        }
    }
}
