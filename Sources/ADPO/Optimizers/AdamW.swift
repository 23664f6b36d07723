import ADPOBase
import ADPOTensor
import CKernels

/// Adam with decoupled weight decay (arXiv 1711.05101), bias-corrected as in PyTorch.
package final class AdamW: Optimizer {
    private let settings: OptimizerSettings
    /// The first parameters, which weight decay is for.
    private let decaying: Int
    package var steps = 0
    private let firstMoments: Buffer<Float>
    private let secondMoments: Buffer<Float>

    /// - Throws: `.outOfMemory`; `.invalidArgument` unless betas are in [0, 1) and epsilon is above 0.
    package init(
        parameters count: Int, decaying: Int, _ settings: OptimizerSettings
    ) throws(ADPOError) {
        for (name, beta) in [
            ("beta1", settings.beta1), ("beta2", settings.beta2),
        ] {
            try require(
                (0..<1).contains(beta),
                "AdamW's \(name) is \(beta); it must be at least 0 and below 1")
        }
        // One that 32 bits take for 0 would divide 0 by 0.
        let epsilon = settings.epsilon
        try require(
            epsilon > 0 && Float(epsilon).isNormal,
            "AdamW's epsilon is \(epsilon); it must be above 0, also in 32 bits")
        let first = try Buffer<Float>(zeros: count)
        let second = try Buffer<Float>(zeros: count)
        self.settings = settings
        self.decaying = min(decaying, count)
        firstMoments = first
        secondMoments = second
    }

    package var state: [(name: String, values: UnsafeMutableBufferPointer<Float>)] {
        [
            ("first_moments", firstMoments.mutableElements),
            ("second_moments", secondMoments.mutableElements),
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
        let (beta1, beta2) = (settings.beta1, settings.beta2)
        var scalars = adpo_adamw(
            beta2: Float(beta2),
            one_minus_beta1: Float(1 - beta1),
            one_minus_beta2: Float(1 - beta2),
            epsilon: Float(settings.epsilon),
            decay: Float(1 - learningRate * settings.weightDecay),
            step_size: Float(learningRate / (1 - pow(beta1, Double(steps)))),
            root_correction: Float((1 - pow(beta2, Double(steps))).squareRoot()))
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
