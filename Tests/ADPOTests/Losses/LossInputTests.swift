import ADPO
import ADPOBase
import TestSupport
import Testing

/// The loss alone, for hosts that run the model elsewhere.
struct LossInputTests {
    private let input = LossInput(
        policy: ResponsePair(chosen: [-1, -2, -3], rejected: [-4, -5]),
        reference: ResponsePair(chosen: [-2, -2, -2], rejected: [-2, -2]))

    @Test func givesLossAndGradient() throws {
        let output = try Objective().loss(of: input)  // S_w = 0, S_l = -5
        #expect(abs(output.loss - log1p(exp(-0.5))) < 1e-12)
        #expect(output.segments == 1)
        let slope = Float(0.1 / (1 + exp(0.5)))
        #expect(output.gradient.chosen == [-slope, -slope, -slope])
        #expect(output.gradient.rejected == [slope, slope])
    }

    @Test func takesSegmentsAndWeights() throws {
        var objective = Objective()
        objective.granularity = .custom
        var input = input
        input.segmentEnds = ResponsePair(chosen: [1, 3], rejected: [1, 2])
        #expect(try objective.loss(of: input).segments == 2)
        input.weights = ResponsePair(chosen: [1, 1, 1], rejected: [0, 0])
        let output = try objective.loss(of: input)
        #expect(output.gradient.rejected == [0, 0])
        // Margins 0.1 and -0.1.
        #expect(abs(output.loss - log1p(exp(-0.1)) - log1p(exp(0.1))) < 1e-12)
    }

    @Test func refusesWhatDoesNotFit() {
        func refuses(
            _ message: String, _ granularity: Granularity = .response,
            _ change: (inout LossInput) -> Void
        ) {
            var objective = Objective()
            objective.granularity = granularity
            var input = input
            change(&input)
            let error = #expect(throws: ADPOError.self) { try objective.loss(of: input) }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        }
        refuses("reference log-probs") { $0.reference = nil }
        refuses("other numbers for 2 and 3") {
            $0.reference = ResponsePair(chosen: [-1, -1], rejected: [-1, -1, -1])
        }
        refuses("other numbers for 0 and 0") { $0.weights = ResponsePair(chosen: [], rejected: []) }
        refuses("needs a pair with segments", .custom) { _ in }
        refuses("needs a pair with segments", .lines) { _ in }
        refuses("leaves tokens out", .custom) {
            $0.segmentEnds = ResponsePair(chosen: [1], rejected: [2])
        }
        refuses("needs a chosen response") {
            $0.policy.chosen = []
            $0.reference?.chosen = []
        }
    }
}
