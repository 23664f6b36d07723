import ADPO
import ADPOTensor
import TestSupport
import Testing

struct AdamWTests {
    /// torch.optim.AdamW in float32; see make_optimizer.py.
    @Test func equalsPyTorch() throws {
        let runs = try #require(try golden("optimizer.json")["adamw"]?.array)
        #expect(runs.count == 3)
        for run in runs {
            var configuration = AdamW.Configuration()
            configuration.beta1 = try #require(run["beta1"]?.double)
            configuration.beta2 = try #require(run["beta2"]?.double)
            configuration.epsilon = try #require(run["epsilon"]?.double)
            configuration.weightDecay = try #require(run["weight_decay"]?.double)
            var parameters = try #require(run["start"]).floats
            var optimizer = try AdamW(parameters: parameters.count, configuration)
            let steps = try #require(run["steps"]?.array)
            #expect(steps.count == 5)
            for (index, step) in steps.enumerated() {
                let gradients = try #require(step["gradient"]).floats
                let learningRate = try #require(step["learning_rate"]?.double)
                try parameters.withUnsafeMutableBufferPointer { parameters in
                    try gradients.withUnsafeBufferPointer { gradients in
                        try optimizer.step(
                            parameters: parameters, gradients: gradients,
                            learningRate: learningRate)
                    }
                }
                #expect(optimizer.steps == index + 1)
                // A few float32 roundings of parameters of about 1.
                expectClose(
                    parameters, try #require(step["parameters"]).floats, absolute: 1e-7,
                    relative: 1e-6, "step \(index)")
            }
        }
    }

    @Test func refusesOtherCounts() throws {
        var optimizer = try AdamW(parameters: 3, .init())
        var parameters: [Float] = [1, 2, 3]
        let gradients: [Float] = [1, 2]
        let error = #expect(throws: ADPOError.self) {
            try parameters.withUnsafeMutableBufferPointer { parameters in
                try gradients.withUnsafeBufferPointer { gradients in
                    try optimizer.step(
                        parameters: parameters, gradients: gradients, learningRate: 1)
                }
            }
        }
        #expect(error?.code == .invalidArgument)
        #expect(parameters == [1, 2, 3])
        #expect(optimizer.steps == 0)
    }

    @Test(arguments: [
        (1, 0.999, 1e-8, 0), (-0.1, 0.999, 1e-8, 0), (.nan, 0.999, 1e-8, 0), (0.9, 1.5, 1e-8, 0),
        (0.9, 0.999, 0, 0), (0.9, 0.999, .infinity, 0), (0.9, 0.999, 1e-8, -1),
        (0.9, 0.999, 1e-8, .nan),
    ])
    func refusesConfigurations(
        _ beta1: Double, _ beta2: Double, _ epsilon: Double, _ weightDecay: Double
    ) {
        var configuration = AdamW.Configuration()
        configuration.beta1 = beta1
        configuration.beta2 = beta2
        configuration.epsilon = epsilon
        configuration.weightDecay = weightDecay
        let error = #expect(throws: ADPOError.self) {
            _ = try AdamW(parameters: 1, configuration)
        }
        #expect(error?.code == .invalidArgument)
    }
}
