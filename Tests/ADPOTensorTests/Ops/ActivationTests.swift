import ADPOBase
import ADPOTensor
import CKernels
import TestSupport
import Testing

/// Activations against their formulae in float64, and their backward passes against finite differences.
struct ActivationTests {
    private static func formula(_ activation: Activation, _ x: Double) -> Double {
        switch activation {
        case .silu: x / (1 + exp(-x))
        case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
        case .geluTanh:
            x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .quickGelu: x / (1 + exp(-1.702 * x))
        case .relu: max(x, 0)
        case .reluSquared: max(x, 0) * max(x, 0)
        }
    }

    /// From far below 0 to far above, and what is not finite.
    private static let inputs = testNumbers(2000, seed: 1).map { $0 * 12 } + [0, -100, 100, 1e-6]

    @Test(arguments: Activation.allCases)
    func isItsFormula(_ activation: Activation) {
        var out = [Float](repeating: 0, count: Self.inputs.count)
        activation.forward(Self.inputs, count: out.count, into: &out)
        let expected = Self.inputs.map { Float(Self.formula(activation, Double($0))) }
        expectClose(out, expected, absolute: 5e-7, relative: 5e-7)
        var nan: [Float] = [.nan]
        activation.forward([.nan], count: 1, into: &nan)
        #expect(nan[0].isNaN)
    }

    @Test(arguments: Activation.allCases)
    func backward(_ activation: Activation) {
        // Finite differences know nothing at the kink of relu.
        let x = testNumbers(200, seed: 1).map { $0 * 6 }.filter { abs($0) > 0.02 }
        let dout = testNumbers(x.count, seed: 2)
        func forward(_ x: [Float]) -> [Float] {
            var out = [Float](repeating: 0, count: x.count)
            activation.forward(x, count: x.count, into: &out)
            return out
        }
        var dx = x
        activation.backward(x, dout: dout, count: x.count, into: &dx)
        expectClose(dx, finiteDifference(of: forward, at: x, weights: dout), absolute: 1e-3)
    }

    /// Gated, with gate and up in arrays of their own, of different strides, and in one row.
    @Test(arguments: Activation.allCases, [false, true])
    func gated(_ activation: Activation, isFused: Bool) {
        let (rows, width) = (5, 9)
        let (stride, upStride) = isFused ? (2 * width, 2 * width) : (width, width + 2)
        let offset = isFused ? width : rows * width
        let x = testNumbers(offset + rows * upStride, seed: 1).map { $0 * 4 }
        let dout = testNumbers(rows * width, seed: 2)
        func views(_ x: inout [Float]) -> (StridedRows, StridedRows) {
            x.withUnsafeMutableBufferPointer {
                (
                    StridedRows(floats: $0.baseAddress!, stride: stride),
                    StridedRows(floats: $0.baseAddress! + offset, stride: upStride)
                )
            }
        }
        var (input, out) = (x, dout)
        let (gate, up) = views(&input)
        activation.forward(gate: gate, up: up, rows: rows, width: width, into: &out)
        activation.backward(gate: gate, up: up, dout: dout, rows: rows, width: width)
        for row in 0..<rows {
            for column in 0..<width {
                let (g, u) = (row * stride + column, offset + row * upStride + column)
                let index = row * width + column
                var (value, slope) = ([x[g]], [x[g]])
                activation.forward([x[g]], count: 1, into: &value)
                activation.backward([x[g]], dout: [1], count: 1, into: &slope)
                expectClose([out[index]], [value[0] * x[u]], absolute: 1e-6)
                expectClose([input[g]], [dout[index] * x[u] * slope[0]], absolute: 1e-6)
                expectClose([input[u]], [dout[index] * value[0]], absolute: 1e-6)
            }
        }
    }

    /// Near 0, where 1 - 2 / (1 + exp(2 x)) would lose digits, up to where the cap is reached.
    @Test func softCap() {
        let x = testNumbers(2000, seed: 1).map { $0 * $0 * $0 * 400 } + [0, 1e-6, 1e30, -1e30]
        let (scale, cap): (Float, Float) = (0.7, 30)
        var (y, slopes) = (x, x)
        adpo_soft_cap(&y, &slopes, x.count, scale, cap)
        let exact = x.map { tanh(Double(scale) * Double($0) / Double(cap)) }
        expectClose(y, exact.map { Float(Double(cap) * $0) }, absolute: 0, relative: 5e-7)
        expectClose(
            slopes, exact.map { Float(Double(scale) * (1 - $0 * $0)) }, absolute: 3e-7)
        var nan = [Float.nan]
        adpo_soft_cap(&nan, nil, 1, scale, cap)
        #expect(nan[0].isNaN)
    }

    @Test func isFoundByAnyOfItsNames() {
        for activation in Activation.allCases {
            for name in activation.names { #expect(Activation(name: name) == activation) }
        }
        #expect(Activation(name: "selu") == nil)
    }
}
