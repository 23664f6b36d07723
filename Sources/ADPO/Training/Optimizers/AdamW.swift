import ADPOTensor
import CKernels
import Glibc

/// Adam with decoupled weight decay (arXiv 1711.05101), bias-corrected as in PyTorch.
package final class AdamW: Optimizer {
    package struct Configuration: Sendable {
        package var beta1 = 0.9
        package var beta2 = 0.999
        package var epsilon = 1e-8
        package var weightDecay = 0.0

        package init() {}

        fileprivate func validate() throws(ADPOError) {
            for (name, beta) in [("beta1", beta1), ("beta2", beta2)] where !(0..<1).contains(beta) {
                throw ADPOError(
                    .invalidArgument,
                    "AdamW's \(name) is \(beta); it must be at least 0 and below 1")
            }
            guard epsilon > 0, epsilon.isFinite else {
                throw ADPOError(
                    .invalidArgument, "AdamW's epsilon is \(epsilon); it must be a number above 0")
            }
            try checkWeightDecay(weightDecay)
        }
    }

    package let configuration: Configuration
    /// The first parameters, which weight decay is for.
    private let decaying: Int
    package var steps = 0
    private let firstMoments: Buffer<Float>
    private let secondMoments: Buffer<Float>

    /// - Throws: `.outOfMemory`; `.invalidArgument` unless betas are in [0, 1), epsilon is above 0
    ///   and the weight decay is not negative.
    package init(
        parameters count: Int, decaying: Int, _ configuration: Configuration
    ) throws(ADPOError) {
        try configuration.validate()
        let first = try Buffer<Float>(zeros: count)
        let second = try Buffer<Float>(zeros: count)
        self.configuration = configuration
        self.decaying = min(decaying, count)
        firstMoments = first
        secondMoments = second
    }

    package var state: [(name: String, values: UnsafeMutableBufferPointer<Float>)] {
        [
            ("first_moments", firstMoments.mutableSpan),
            ("second_moments", secondMoments.mutableSpan),
        ]
    }

    package func step(
        parameters: UnsafeMutableBufferPointer<Float>, gradients: UnsafeBufferPointer<Float>,
        learningRate: Double
    ) throws(ADPOError) {
        let count = firstMoments.count
        try checkCounts(parameters, gradients, count)
        guard let values = parameters.baseAddress, let slopes = gradients.baseAddress else {
            return
        }
        steps += 1
        var scalars = adpo_adamw(
            beta2: Float(configuration.beta2),
            one_minus_beta1: Float(1 - configuration.beta1),
            one_minus_beta2: Float(1 - configuration.beta2),
            epsilon: Float(configuration.epsilon),
            decay: Float(1 - learningRate * configuration.weightDecay),
            step_size: Float(learningRate / (1 - pow(configuration.beta1, Double(steps)))),
            root_correction: Float(sqrt(1 - pow(configuration.beta2, Double(steps)))))
        for range in [0..<decaying, decaying..<count] where !range.isEmpty {
            let first = range.lowerBound
            if first == decaying { scalars.decay = 1 }
            let scalars = scalars
            Parallel.forEachRange(range.count, alignment: 16) { part in
                let first = first + part.lowerBound
                adpo_adamw_step(
                    scalars, values + first, slopes + first, firstMoments.pointer + first,
                    secondMoments.pointer + first, part.count)
            }
        }
    }
}
