import ADPO
import ADPOBase
import TestSupport
import Testing

struct OptimizerTests {
    /// torch.optim in float32; see make_optimizer.py.
    @Test(arguments: OptimizerKind.allCases)
    func equalsPyTorch(_ kind: OptimizerKind) throws {
        let runs = try #require(try golden("optimizer.json")["optimizers"]?.array)
            .filter { $0["optimizer"]?.string == kind.rawValue }
        #expect(runs.count == 3)
        for run in runs {
            var configuration = TrainerConfiguration()
            configuration.weightDecay = try #require(run["weight_decay"]?.double)
            configuration.momentum = run["momentum"]?.double ?? 0
            configuration.adamBeta1 = run["beta1"]?.double ?? 0
            configuration.adamBeta2 = run["beta2"]?.double ?? 0
            configuration.adamEpsilon = run["epsilon"]?.double ?? 1
            var parameters = try #require(run["start"]).floats
            let optimizer = try kind.make(
                parameters: parameters.count, configuration.optimizerSettings)
            let steps = try #require(run["steps"]?.array)
            #expect(steps.count == 5)
            for (index, step) in steps.enumerated() {
                try update(
                    optimizer, &parameters, try #require(step["gradient"]).floats,
                    try #require(step["learning_rate"]?.double))
                #expect(optimizer.steps == index + 1)
                // A few float32 roundings of parameters of about 1.
                expectClose(
                    parameters, try #require(step["parameters"]).floats, absolute: 1e-7,
                    relative: 1e-6, "step \(index)")
            }
        }
    }

    /// Another optimizer goes on to the same bits from its number of steps and its state.
    @Test(arguments: OptimizerKind.allCases)
    func stateIsAllThatItKeeps(_ kind: OptimizerKind) throws {
        var configuration = TrainerConfiguration()
        configuration.momentum = 0.9
        let first = try kind.make(parameters: 3, configuration.optimizerSettings)
        var parameters: [Float] = [1, 2, 3]
        try update(first, &parameters, [0.1, -0.2, 0.3], 0.1)
        let second = try kind.make(parameters: 3, configuration.optimizerSettings)
        second.steps = first.steps
        for (to, from) in zip(second.state, first.state) {
            #expect(to.name == from.name)
            _ = to.values.update(fromContentsOf: from.values)
        }
        var copy = parameters
        try update(first, &parameters, [0.3, 0.1, -0.1], 0.1)
        try update(second, &copy, [0.3, 0.1, -0.1], 0.1)
        #expect(copy == parameters)
    }

    /// Weight decay is for the first parameters.
    @Test(arguments: OptimizerKind.allCases, [0, 1, 3])
    func decaysTheFirst(_ kind: OptimizerKind, _ decaying: Int) throws {
        var configuration = TrainerConfiguration()
        func step(weightDecay: Double, decaying: Int) throws -> [Float] {
            configuration.weightDecay = weightDecay
            var parameters: [Float] = [1, 2, 3]
            let optimizer = try kind.make(
                parameters: 3, decaying: decaying, configuration.optimizerSettings)
            try update(optimizer, &parameters, [0.1, -0.2, 0.3], 0.1)
            return parameters
        }
        let (with, without) = (
            try step(weightDecay: 0.5, decaying: 3), try step(weightDecay: 0, decaying: 3)
        )
        #expect(zip(with, without).allSatisfy { $0 < $1 })
        let expected = Array(with.prefix(decaying)) + Array(without.dropFirst(decaying))
        #expect(try step(weightDecay: 0.5, decaying: decaying) == expected)
    }

    @Test(arguments: OptimizerKind.allCases)
    func refusesOtherCounts(_ kind: OptimizerKind) throws {
        let optimizer = try kind.make(parameters: 3, TrainerConfiguration().optimizerSettings)
        var parameters: [Float] = [1, 2, 3]
        let error = #expect(throws: ADPOError.self) {
            try update(optimizer, &parameters, [1, 2], 1)
        }
        #expect(error?.code == .invalidArgument)
        #expect(parameters == [1, 2, 3])
        #expect(optimizer.steps == 0)
    }

    private static let nonsense: [(OptimizerKind, @Sendable (inout TrainerConfiguration) -> Void)] =
        [
            (.adamw, { $0.adamBeta1 = 1 }), (.adamw, { $0.adamBeta1 = -0.1 }),
            (.adamw, { $0.adamBeta1 = .nan }), (.adamw, { $0.adamBeta2 = 1.5 }),
            (.adamw, { $0.adamEpsilon = 0 }), (.adamw, { $0.adamEpsilon = .infinity }),
            (.adamw, { $0.adamEpsilon = 1e-50 }), (.adamw, { $0.weightDecay = 1e300 }),
            (.adamw, { $0.weightDecay = -1 }), (.adamw, { $0.weightDecay = .nan }),
            (.sgd, { $0.momentum = 1 }), (.sgd, { $0.momentum = -0.1 }),
            (.sgd, { $0.momentum = .nan }), (.sgd, { $0.weightDecay = -1 }),
            (.sgd, { $0.weightDecay = .nan }),
        ]

    @Test(arguments: nonsense.indices)
    func refusesNonsense(_ index: Int) {
        let (kind, change) = Self.nonsense[index]
        var configuration = TrainerConfiguration()
        change(&configuration)
        let error = #expect(throws: ADPOError.self) {
            _ = try kind.make(parameters: 1, configuration.optimizerSettings)
        }
        #expect(error?.code == .invalidArgument)
    }

    private func update(
        _ optimizer: any Optimizer, _ parameters: inout [Float], _ gradients: [Float],
        _ learningRate: Double
    ) throws {
        try parameters.withUnsafeMutableBufferPointer { parameters in
            try gradients.withUnsafeBufferPointer { gradients in
                try optimizer.step(
                    parameters: parameters, gradients: gradients, learningRate: learningRate)
            }
        }
    }
}
