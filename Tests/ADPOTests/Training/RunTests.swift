import ADPO
import ADPOBase
import TestSupport
import Testing

struct RunTests {
    /// Pairs whose loss rises as that of the training pairs falls: the same, the other way round.
    private func reversed() throws -> PreferenceDataset {
        var pairs = PreferenceDataset(model: try #require(TinyRun.model))
        for pair in try TinyRun.pairs().pairs {
            try pairs.append(
                PreferencePair(prompt: pair.prompt, chosen: pair.rejected, rejected: pair.chosen))
        }
        return pairs
    }

    private func configuration(
        _ pairs: PreferenceDataset, every steps: Int,
        _ change: (inout RunConfiguration) -> Void = { _ in }
    ) -> RunConfiguration {
        var configuration = RunConfiguration()
        configuration.evaluation = pairs
        configuration.evaluationSteps = steps
        change(&configuration)
        return configuration
    }

    /// Two steps an epoch, of three epochs.
    @Test func evaluatesBetweenStepsAndAtTheEnd() throws {
        for (every, expected) in [(0, [6]), (2, [2, 4, 6]), (4, [4, 6]), (9, [6])] {
            let trainer = try TinyRun.trainer()
            var seen: [Int] = []
            var evaluations: [Int] = []
            try trainer.run(configuration(TinyRun.pairs(), every: every)) { metrics in
                if metrics.isEvaluation {
                    evaluations.append(metrics.step)
                } else {
                    seen.append(metrics.step)
                }
                return true
            }
            #expect(seen == [1, 2, 3, 4, 5, 6])
            #expect(evaluations == expected)
        }
    }

    @Test func evaluatesAsEvaluateDoes() throws {
        let trainer = try TinyRun.trainer()
        var last: Metrics?
        try trainer.run(configuration(TinyRun.pairs(), every: 0)) {
            last = $0
            return true
        }
        let again = try trainer.evaluate(TinyRun.pairs())
        #expect(last?.isEvaluation == true)
        #expect(last?.loss == again.loss)
        #expect(trainer.bestEvaluation?.loss == again.loss)
        #expect(trainer.bestEvaluation?.step == 6)
    }

    @Test func stopsWhenItGetsNoBetter() throws {
        let trainer = try TinyRun.trainer()
        var losses: [Double] = []
        let run = configuration(try reversed(), every: 1) { $0.patience = 2 }
        try trainer.run(run) {
            if $0.isEvaluation { losses.append($0.loss) }
            return true
        }
        #expect(losses.count == 3)
        #expect(losses == losses.sorted())
        #expect(trainer.stepsDone == 3)
        #expect(trainer.bestEvaluation?.step == 1)
        try trainer.run(run) { _ in
            Issue.record("the run is over")
            return true
        }
    }

    @Test func keepsTheBest() throws {
        let best = try TinyRun.trainer()
        _ = try best.step()
        let trainer = try TinyRun.trainer()
        try trainer.run(configuration(reversed(), every: 1) { $0.keepsBest = true })
        #expect(trainer.stepsDone == 6)
        #expect(try TinyRun.bits(of: trainer) == TinyRun.bits(of: best))
        // Here the last is the best.
        let last = try TinyRun.trainer()
        try last.run(configuration(TinyRun.pairs(), every: 1) { $0.keepsBest = true })
        #expect(last.bestEvaluation?.step == 6)
        let plain = try TinyRun.trainer()
        try plain.run()
        #expect(try TinyRun.bits(of: last) == TinyRun.bits(of: plain))
    }

    /// Whatever it is cancelled after, it goes on as if it had not been.
    @Test(arguments: 1...12)
    func cancelledItGoesOn(_ call: Int) throws {
        let run = configuration(try reversed(), every: 1) { $0.keepsBest = true }
        var expected: [String] = []
        let whole = try TinyRun.trainer()
        try whole.run(run) {
            expected.append("\($0.step) \($0.isEvaluation) \($0.loss)")
            return true
        }
        #expect(expected.count == 12)
        let trainer = try TinyRun.trainer()
        var found: [String] = []
        try trainer.run(run) {
            found.append("\($0.step) \($0.isEvaluation) \($0.loss)")
            return found.count < call
        }
        #expect(found.count == call)
        try trainer.run(run) {
            found.append("\($0.step) \($0.isEvaluation) \($0.loss)")
            return true
        }
        #expect(found == expected)
        #expect(try TinyRun.bits(of: trainer) == TinyRun.bits(of: whole))
    }

    @Test func itsBestIsOfOneSetOfPairs() throws {
        let trainer = try TinyRun.trainer()
        try trainer.run(configuration(TinyRun.pairs(), every: 1) { $0.keepsBest = true }) { _ in
            trainer.stepsDone < 2
        }
        let error = #expect(throws: ADPOError.self) {
            try trainer.run(configuration(reversed(), every: 1) { $0.keepsBest = true })
        }
        #expect(error?.code == .invalidArgument)
        // The same tokens with weights are other pairs.
        var weighed = try TinyRun.pairs()
        let counts = weighed.pairs[0]
        try weighed.setWeights(
            ResponsePair(
                chosen: Array(repeating: 2, count: counts.chosen.count),
                rejected: Array(repeating: 1, count: counts.rejected.count)), ofPair: 0)
        #expect(throws: ADPOError.self) {
            try trainer.run(configuration(weighed, every: 1) { $0.keepsBest = true })
        }
        try trainer.run(configuration(reversed(), every: 1))
    }

    /// A best that was not kept cannot be returned to, and one that was kept once gets stale.
    @Test func itsBestWasKeptAllTheTime() throws {
        func run(_ keepsBest: Bool) throws -> RunConfiguration {
            try configuration(reversed(), every: 1) { $0.keepsBest = keepsBest }
        }
        let trainer = try TinyRun.trainer()
        try trainer.run(run(false)) { _ in trainer.stepsDone < 2 }
        let error = #expect(throws: ADPOError.self) { try trainer.run(run(true)) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("has not kept") == true, "\(String(describing: error))")

        // Here each evaluation is the best.
        func falling(_ keepsBest: Bool) throws -> RunConfiguration {
            try configuration(TinyRun.pairs(), every: 1) { $0.keepsBest = keepsBest }
        }
        let other = try TinyRun.trainer()
        try other.run(falling(true)) { _ in other.stepsDone < 2 }
        try other.run(falling(false)) { _ in other.stepsDone < 4 }
        #expect(throws: ADPOError.self) { try other.run(falling(true)) }
    }

    @Test func saysThatItIsTheEvaluation() throws {
        let trainer = try TinyRun.trainer()
        let empty = PreferenceDataset(vocabulary: 320)
        let error = #expect(throws: ADPOError.self) {
            try trainer.run(configuration(empty, every: 1))
        }
        #expect(error?.message.hasPrefix("in the evaluation, ") == true)
        let again = #expect(throws: ADPOError.self) { try trainer.evaluate(empty) }
        #expect(again?.message.hasPrefix("in the evaluation, ") == true)
    }

    private static let nonsense: [@Sendable (inout RunConfiguration) -> Void] = [
        { $0.evaluation = nil }, { $0.evaluationSteps = -1 }, { $0.patience = -1 },
        {
            $0.evaluationSteps = 0
            $0.patience = 1
        },
        {
            $0.evaluationSteps = 0
            $0.keepsBest = true
        },
        { $0.checkpointSteps = 1 }, { $0.checkpointSteps = -1 },
        { $0.evaluation = PreferenceDataset(vocabulary: 320) },
        { $0.evaluation = PreferenceDataset(vocabulary: 7) },
    ]

    @Test(arguments: nonsense.indices)
    func refusesNonsense(_ index: Int) throws {
        let trainer = try TinyRun.trainer()
        let error = #expect(throws: ADPOError.self) {
            try trainer.run(configuration(TinyRun.pairs(), every: 1, Self.nonsense[index]))
        }
        #expect(error?.code == .invalidArgument)
        #expect(trainer.stepsDone == 0)
    }
}
