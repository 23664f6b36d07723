import ADPOBase

/// Updates parameters by their gradients. It knows them as flat vectors.
package protocol Optimizer: AnyObject {
    /// Updates so far.
    var steps: Int { get set }
    /// All else that it keeps from update to update, `// [count]` each; valid while it lives.
    var state: [(name: String, values: UnsafeMutableBufferPointer<Float>)] { get }

    /// One update of the parameters in place. `// [count]` both.
    ///
    /// - Throws: `.invalidArgument` when there are not as many as the optimizer was made for.
    func step(
        parameters: UnsafeMutableBufferPointer<Float>, gradients: UnsafeBufferPointer<Float>,
        learningRate: Double
    ) throws(ADPOError)
}

/// Settings of all optimizers; each uses its own.
package struct OptimizerSettings: Sendable {
    package var weightDecay: Double
    package var momentum: Double
    package var beta1: Double
    package var beta2: Double
    package var epsilon: Double
}

/// The optimizers. Each has a file of its own.
public enum OptimizerKind: String, Sendable, CaseIterable {
    case adamw
    case sgd

    /// - Parameter decaying: the number of parameters, from the first on, that weight decay is for.
    /// - Throws: `.outOfMemory`; `.invalidArgument` for settings that make no sense.
    package func make(
        parameters count: Int, decaying: Int = .max, _ settings: OptimizerSettings
    ) throws(ADPOError) -> any Optimizer {
        let weightDecay = settings.weightDecay
        try require(
            weightDecay >= 0 && Float(weightDecay).isFinite,
            "the weight decay is \(weightDecay); it must be 0 or above")
        return switch self {
        case .adamw: try AdamW(parameters: count, decaying: decaying, settings)
        case .sgd: try SGD(parameters: count, decaying: decaying, settings)
        }
    }
}

func checkCounts(
    _ parameters: UnsafeMutableBufferPointer<Float>, _ gradients: UnsafeBufferPointer<Float>,
    _ count: Int
) throws(ADPOError) {
    try require(
        parameters.count == count && gradients.count == count,
        "the optimizer was made for \(count) parameters")
}
