import ADPO
import ADPOBase
import TestSupport
import Testing

/// Every loss with every option against TRL's own code and PyTorch's autograd, in float64.
struct ObjectiveTests {
    static let granularities = ["response", "token", "static:3", "adaptive:4"]

    /// A loss without goldens fails here.
    @Test(arguments: Loss.allCases)
    func hasGoldens(_ loss: Loss) throws {
        let golden = try ObjectiveGolden()
        if loss == .kto {
            #expect(!golden.kto.isEmpty)
            return
        }
        let granularities = Set(
            golden.cases.filter { golden.objective(of: $0)?["loss"]?.string == loss.rawValue }
                .compactMap { $0["granularity"]?.string })
        #expect(granularities == (loss == .sft ? ["response"] : Set(Self.granularities)))
    }

    @Test(arguments: Loss.allCases)
    func equalsTRL(_ loss: Loss) throws {
        let golden = try ObjectiveGolden()
        for expected in golden.cases {
            let json = try #require(golden.objective(of: expected))
            guard json["loss"]?.string == loss.rawValue else { continue }
            var objective = try Objective(json)
            let granularity = try #require(expected["granularity"]?.string)
            objective.granularity = try Granularity(granularity)
            let pair = golden.pairs[try #require(expected["pair"]?.integer)]
            let policy = try #require(pair["policy"]).floats
            let reference = try #require(pair["reference"]).floats
            let weights = try #require(pair["weights"]).floats
            let logSumSquares = try #require(pair["log_sum_squares"]).floats
            let chosenCount = try #require(pair["chosen"]?.integer)
            let segmentation = try Segmentation(
                objective.granularity, chosenCount: chosenCount,
                rejectedCount: policy.count - chosenCount)

            var derivative = [Float](repeating: .nan, count: policy.count)
            var span = derivative.mutableSpan
            let result = try PreferenceLoss(objective)(
                policy: policy.span, reference: reference.span,
                weights: json["weighted"] == nil ? nil : weights.span,
                logSumSquares: logSumSquares.span, segmentation: segmentation, derivative: &span)
            let label = "\(json), \(granularity)"
            let value = try #require(expected["loss"]?.double)
            #expect(abs(result.loss - value) <= 1e-9 * max(1, abs(value)), "\(label)")
            #expect(result.segments == expected["segments"]?.integer)
            expectClose(
                derivative, try #require(expected["gradient"]).floats, absolute: 1e-9,
                relative: 2e-7, label)
        }
    }

    /// A batch of unpaired rows: the mean of their losses.
    @Test func ktoEqualsTRL() throws {
        for expected in try ObjectiveGolden().kto {
            let objective = try Objective(#require(expected["objective"]))
            let loss = try PreferenceLoss(objective)
            let rows = try #require(expected["rows"]?.array)
            let kl = try #require(expected["metrics"]?["kl"]?.double)
            var sum = 0.0
            for row in rows {
                let policy = try #require(row["policy"]).floats
                let reference = try #require(row["reference"]).floats
                let isDesirable = row["desirable"]?.bool == true
                var derivative = [Float](repeating: .nan, count: policy.count)
                var span = derivative.mutableSpan
                let result = try loss(
                    policy: policy.span, reference: reference.span, kl: kl,
                    segmentation: Segmentation(
                        .response, chosenCount: isDesirable ? policy.count : 0,
                        rejectedCount: isDesirable ? 0 : policy.count),
                    scale: 1 / Double(rows.count), derivative: &span)
                sum += result.loss
                expectClose(
                    derivative, try #require(row["gradient"]).floats, absolute: 1e-9,
                    relative: 2e-7)
            }
            let value = try #require(expected["loss"]?.double)
            #expect(abs(sum / Double(rows.count) - value) <= 1e-9)
        }
    }
}

extension ObjectiveGolden {
    func objective(of expected: JSON) -> JSON? {
        expected["objective"]?.integer.map { objectives[$0] }
    }
}
