import ADPOBase

/// How the learning rate changes over a run, after a linear warmup from 0: transformers'
/// `get_linear_schedule_with_warmup`, `get_cosine_schedule_with_warmup` and
/// `get_constant_schedule_with_warmup`.
public enum Schedule: String, Sendable, CaseIterable {
    /// Down to 0, which the step after the last would have.
    case linear
    /// Down to 0 along half a cosine.
    case cosine
    case constant

    /// The factor of the learning rate at a step, counted from 0, of a run.
    package func factor(step: Int, of steps: Int, warmup: Int) -> Double {
        if step < warmup { return Double(step) / Double(warmup) }
        let decaying = max(1, Double(steps) - Double(warmup))
        switch self {
        case .linear:
            return max(0, (Double(steps) - Double(step)) / decaying)
        case .cosine:
            return 0.5 * (1 + cos(.pi * ((Double(step) - Double(warmup)) / decaying)))
        case .constant:
            return 1
        }
    }
}
