import ADPOBase
import ADPOTensor

/// Stochastic gradient descent with momentum, as in PyTorch: weight decay is added to the gradient,
/// v = momentum v + g, p = p - rate v.
package final class SGD: Optimizer {
    private let settings: OptimizerSettings
    /// The first parameters, which weight decay is for.
    private let decaying: Int
    package var steps = 0
    private let velocities: Buffer<Float>

    /// - Throws: `.outOfMemory`; `.invalidArgument` unless the momentum is in [0, 1).
    package init(
        parameters count: Int, decaying: Int, _ settings: OptimizerSettings
    ) throws(ADPOError) {
        try require(
            (0..<1).contains(settings.momentum),
            "the momentum is \(settings.momentum); it must be at least 0 and below 1")
        let velocities = try Buffer<Float>(zeros: count)
        self.settings = settings
        self.decaying = min(decaying, count)
        self.velocities = velocities
    }

    package var state: [(name: String, values: UnsafeMutableBufferPointer<Float>)] {
        [("velocities", velocities.mutableElements)]
    }

    package func step(
        parameters: UnsafeMutableBufferPointer<Float>, gradients: UnsafeBufferPointer<Float>,
        learningRate: Double
    ) throws(ADPOError) {
        try checkCounts(parameters, gradients, velocities.count)
        steps += 1
        let (momentum, decay) = (Float(settings.momentum), Float(settings.weightDecay))
        let rate = Float(learningRate)
        let velocities = velocities.mutableElements
        for index in parameters.indices {
            let shrink = index < decaying ? decay * parameters[index] : 0
            let gradient = gradients[index] + shrink
            velocities[index] = momentum * velocities[index] + gradient
            parameters[index] -= rate * velocities[index]
        }
    }
}
