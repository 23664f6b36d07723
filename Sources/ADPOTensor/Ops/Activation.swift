import CKernels

/// Rows of floats that lie apart.
package struct StridedRows {
    package let floats: UnsafeMutablePointer<Float>
    /// Floats from one row to the next.
    package let stride: Int

    package init(floats: UnsafeMutablePointer<Float>, stride: Int) {
        self.floats = floats
        self.stride = stride
    }
}

/// The activation of a feed-forward layer.
package enum Activation: Sendable, CaseIterable {
    case silu
    case gelu
    /// GELU's approximation with tanh.
    case geluTanh
    case quickGelu
    case relu
    case reluSquared

    /// Names in configurations of transformers; the first is the one that we write.
    package var names: [String] {
        switch self {
        case .silu: ["silu", "swish"]
        case .gelu: ["gelu", "gelu_python"]
        case .geluTanh: ["gelu_pytorch_tanh", "gelu_new", "gelu_fast", "gelu_accurate"]
        case .quickGelu: ["quick_gelu"]
        case .relu: ["relu"]
        case .reluSquared: ["relu2"]
        }
    }

    package var name: String { names.first ?? "" }

    /// nil for a name that is none of these.
    package init?(name: String) {
        guard let activation = Self.allCases.first(where: { $0.names.contains(name) }) else {
            return nil
        }
        self = activation
    }

    private var kernels: adpo_activation_kernels {
        switch self {
        case .silu: adpo_silu_kernels()
        case .gelu: adpo_gelu_kernels()
        case .geluTanh: adpo_gelu_tanh_kernels()
        case .quickGelu: adpo_quick_gelu_kernels()
        case .relu: adpo_relu_kernels()
        case .reluSquared: adpo_relu_squared_kernels()
        }
    }

    /// So much at a time that waking a thread pays, and that threads do not share cache lines.
    private static let leastFloats = 4096

    /// out = f(gate) * up, [rows, width] (arXiv 2002.05202).
    package func forward(
        gate: StridedRows, up: StridedRows, rows: Int, width: Int,
        into out: UnsafeMutablePointer<Float>
    ) {
        let kernel = kernels.gated
        Self.forEachRange(rows: rows, width: width) { range in
            let row = range.lowerBound
            kernel?(
                gate.floats + row * gate.stride, gate.stride, up.floats + row * up.stride,
                up.stride, out + row * width, range.count, width)
        }
    }

    /// The derivatives replace gate and up.
    package func backward(
        gate: StridedRows, up: StridedRows, dout: UnsafePointer<Float>, rows: Int, width: Int
    ) {
        let kernel = kernels.gated_backward
        Self.forEachRange(rows: rows, width: width) { range in
            let row = range.lowerBound
            kernel?(
                gate.floats + row * gate.stride, gate.stride, up.floats + row * up.stride,
                up.stride, dout + row * width, range.count, width)
        }
    }

    /// out = f(x), elementwise.
    package func forward(
        _ x: UnsafePointer<Float>, count: Int, into out: UnsafeMutablePointer<Float>
    ) {
        let kernel = kernels.plain
        Parallel.forEachRange(count, alignment: Self.leastFloats) { range in
            kernel?(x + range.lowerBound, out + range.lowerBound, range.count)
        }
    }

    /// dx = the derivative by x, given dout; it may be x.
    package func backward(
        _ x: UnsafePointer<Float>, dout: UnsafePointer<Float>, count: Int,
        into dx: UnsafeMutablePointer<Float>
    ) {
        let kernel = kernels.plain_backward
        Parallel.forEachRange(count, alignment: Self.leastFloats) { range in
            let start = range.lowerBound
            kernel?(x + start, dout + start, dx + start, range.count)
        }
    }

    private static func forEachRange(rows: Int, width: Int, _ body: (Range<Int>) -> Void) {
        Parallel.forEachRange(
            rows, alignment: (leastFloats + width - 1) / max(width, 1), body)
    }
}
