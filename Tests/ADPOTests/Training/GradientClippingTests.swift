import ADPO
import ADPOBase
import TestSupport
import Testing

struct GradientClippingTests {
    private func clip(_ gradient: inout [Float], _ maximumNorm: Double) throws -> Double {
        try gradient.withUnsafeMutableBufferPointer { gradient in
            try clipGradient(gradient, maximumNorm: maximumNorm)
        }
    }

    /// torch.nn.utils.clip_grad_norm_ in float32; see make_optimizer.py.
    @Test func equalsPyTorch() throws {
        let cases = try #require(try golden("optimizer.json")["clipping"]?.array)
        #expect(cases.count == 3)
        for expected in cases {
            var gradient = try #require(expected["gradient"]).floats
            let norm = try clip(&gradient, try #require(expected["maximum_norm"]?.double))
            expectClose(
                [Float(norm)], [Float(try #require(expected["norm"]?.double))], absolute: 0,
                relative: 1e-6)
            expectClose(
                gradient, try #require(expected["clipped"]).floats, absolute: 0, relative: 1e-6)
        }
    }

    @Test(arguments: [([3, 4], 5), ([], 0), ([0, 0, 0], 0)] as [([Float], Double)])
    func zeroDoesNotClip(_ values: [Float], _ norm: Double) throws {
        var gradient = values
        #expect(try clip(&gradient, 0) == norm)
        #expect(gradient == values)
    }

    /// The squares of floats overflow floats, not doubles.
    @Test func survivesHugeGradients() throws {
        var gradient: [Float] = [3e38, -3e38]
        let norm = try clip(&gradient, 1)
        #expect(abs(norm / (Double(Float(3e38)) * 2.squareRoot()) - 1) < 1e-15)
        expectClose(gradient, [0.70710678, -0.70710678], absolute: 1e-6)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func refusesNumbersThatAreNotFinite(_ value: Float) {
        var gradient: [Float] = [1, value, 100]
        let error = #expect(throws: ADPOError.self) { try clip(&gradient, 1) }
        #expect(error?.code == .numeric)
        #expect(gradient[0] == 1)
        #expect(gradient[2] == 100)
    }
}
