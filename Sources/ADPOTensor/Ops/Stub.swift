import CKernels

package struct Heads {
    package let floats: UnsafeMutablePointer<Float>
    package let rowStride: Int
    package let headStride: Int
    package init(floats: UnsafeMutablePointer<Float>, rowStride: Int, headStride: Int) {
        self.floats = floats
        self.rowStride = rowStride
        self.headStride = headStride
    }
}
package struct Norm: Sendable {
    package enum Kind: Sendable { case rms, layer }
    let rms: RMSNorm
    package init(kind: Kind, weight: Vector, bias: Vector?, width: Int, epsilon: Float) {
        rms = RMSNorm(weight: weight, epsilon: epsilon)
    }
    package func forward(_ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>) {
        rms.forward(x, rows: rows, into: y)
    }
    package func backward(
        _ x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
        into dx: UnsafeMutablePointer<Float>, dweight: UnsafeMutablePointer<Float>? = nil,
        dbias: UnsafeMutablePointer<Float>? = nil
    ) { rms.backward(x, dy: dy, rows: rows, into: dx, dweight: dweight) }
    package func forward(_ x: Heads, heads: Int, tokens: Int, into: Heads) {}
    package func backward(
        _ x: Heads, dy: Heads, heads: Int, tokens: Int, into: Heads,
        dweight: UnsafeMutablePointer<Float>?
    ) {}
}
package struct StridedRows {
    package let floats: UnsafeMutablePointer<Float>
    package let stride: Int
    package init(floats: UnsafeMutablePointer<Float>, stride: Int) {
        self.floats = floats
        self.stride = stride
    }
}
package enum Activation: Sendable {
    case silu
    case gelu
    package init?(name: String) {
        if name == "silu" { self = .silu } else if name.hasPrefix("gelu") { self = .gelu } else { return nil }
    }
    package var name: String { "silu" }
    package func forward(gate: StridedRows, up: StridedRows, rows: Int, width: Int, into: UnsafeMutablePointer<Float>) {
        SwiGLU.forward(gate: gate.floats, up: up.floats, count: rows * width, into: into)
    }
    package func forward(_ x: UnsafePointer<Float>, count: Int, into: UnsafeMutablePointer<Float>) {}
    package func backward(gate: StridedRows, up: StridedRows, dout: UnsafePointer<Float>, rows: Int, width: Int) {
        SwiGLU.backward(gate: gate.floats, up: up.floats, dout: dout, count: rows * width)
    }
    package func backward(_ x: UnsafePointer<Float>, dout: UnsafePointer<Float>, count: Int, into: UnsafeMutablePointer<Float>) {}
}
extension Attention {
    package var window: Int? { nil }
    package var softCap: Float? { nil }
    package init(heads: Int, keyValueHeads: Int, headWidth: Int, scale: Float, window: Int?, softCap: Float?) {
        self.init(heads: heads, keyValueHeads: keyValueHeads, headWidth: headWidth, scale: scale)
    }
    package struct Inputs {
        package let queries, keys, values: Heads
        package let spans: [AttentionSpan]
        package init(queries: Heads, keys: Heads, values: Heads, spans: [AttentionSpan]) {
            self.queries = queries
            self.keys = keys
            self.values = values
            self.spans = spans
        }
    }
    package struct Gradients {
        package let queries, keys, values: Heads
        package init(queries: Heads, keys: Heads, values: Heads) {
            self.queries = queries
            self.keys = keys
            self.values = values
        }
    }
    package func forwardScratch(keys: Int, lanes: Int) -> Int { Self.forwardScratch(keys: keys, lanes: lanes) }
    package func forward(_ i: Inputs, scratch: UnsafeMutablePointer<Float>, products: ProductScratch, into output: UnsafeMutablePointer<Float>) {
        forward(queries: i.queries.floats, keys: i.keys.floats, values: i.values.floats, spans: i.spans, scratch: scratch, products: products, into: output)
    }
    package func backward(_ i: Inputs, doutput: UnsafePointer<Float>, tokens: Int, scratch: UnsafeMutablePointer<Float>, products: ProductScratch, into g: Gradients) {
        backward(queries: i.queries.floats, keys: i.keys.floats, values: i.values.floats, doutput: doutput, tokens: tokens, spans: i.spans, scratch: scratch, products: products, dqueries: g.queries.floats, dkeys: g.keys.floats, dvalues: g.values.floats)
    }
}
extension RoPETable {
    package func forward(_ x: Heads, heads: Int, rows: Int, positions: [Int32], interleaved: Bool) {
        positions.withUnsafeBufferPointer { forward(x.floats, positions: $0.baseAddress!, rows: rows, heads: heads, interleaved: interleaved) }
    }
    package func backward(_ x: Heads, heads: Int, rows: Int, positions: [Int32], interleaved: Bool) {
        positions.withUnsafeBufferPointer { backward(x.floats, positions: $0.baseAddress!, rows: rows, heads: heads, interleaved: interleaved) }
    }
}
extension Matrix {
    package var isTransposed: Bool { false }
    package init(_ view: TensorView, rows: Range<Int>?, isTransposed: Bool) throws(ADPOError) {
        try self.init(view)
    }
}
extension Vector {
    package init(_ view: TensorView, adding: Float) throws(ADPOError) { try self.init(view) }
}
extension LogProbs {
    package init(head: Matrix, scale: Float, softCap: Float?) { self.init(head: head) }
    package func logits(hidden: UnsafePointer<Float>, count: Int, scratch: ProductScratch, into output: UnsafeMutablePointer<Float>) {
        head.multiply(scratch.rows(hidden, count: count, width: head.columns), into: output, scratch: scratch)
    }
}
extension TensorFile {
    package func contains(_ name: String) -> Bool { names.contains(name) }
}
extension Encoding: Equatable {
    package static func == (a: Encoding, b: Encoding) -> Bool { a.ggmlType == b.ggmlType }
}
