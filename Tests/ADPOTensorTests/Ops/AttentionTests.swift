import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Attention against the slow obvious loops, and its backward pass against finite differences; with
/// windows, soft caps, and heads that lie in rows of their own or in fused ones.
struct AttentionTests {
    /// Where queries, keys and values lie.
    enum Layout {
        /// In arrays of their own, [tokens, heads, 4].
        case apart
        /// In one array, all of a token's queries before its keys and values, as in Phi-3.
        case fused
        /// In one array, [tokens, heads, 3, 4], as in GPT-NeoX.
        case perHead
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var window: Int?
        var softCap: Float?
        var layout = Layout.apart
        var testDescription: String {
            "window \(window ?? 0), cap \(softCap ?? 0), \(layout)"
        }
        var keyValueHeads: Int { layout == .perHead ? 4 : 2 }
        /// Floats of a token.
        var width: Int { (4 + 2 * keyValueHeads) * 4 }
        var attention: Attention {
            Attention(
                heads: 4, keyValueHeads: keyValueHeads, headWidth: 4, scale: 0.5, window: window,
                softCap: softCap)
        }

        /// Where the queries (part 0), keys (1) or values (2) begin, and how far rows and heads are apart.
        func place(_ part: Int, tokens: Int) -> (start: Int, rowStride: Int, headStride: Int) {
            let start = [0, 16, 24][part]
            return switch layout {
            case .apart: (start * tokens, part == 0 ? 16 : 8, 4)
            case .fused: (start, width, 4)
            case .perHead: (4 * part, width, 12)
            }
        }
    }

    static let cases = [
        Case(), Case(window: 1), Case(window: 2), Case(window: 5), Case(window: 64),
        Case(window: 65), Case(window: 200), Case(window: .max), Case(softCap: 0.8),
        Case(window: 7, softCap: 0.8), Case(layout: .fused),
        Case(window: 3, softCap: 2, layout: .fused), Case(layout: .perHead),
        Case(window: 66, layout: .perHead),
    ]

    /// A prompt, two responses that share it (one of a single query), a second text, longer than a block of
    /// queries, and a response that goes on behind 70 tokens of its own.
    private static let spans = [
        AttentionSpan(queries: 0..<3, prefix: 0..<0, ownStart: 0),
        AttentionSpan(queries: 3..<4, prefix: 0..<3, ownStart: 3),
        AttentionSpan(queries: 4..<9, prefix: 0..<3, ownStart: 4),
        AttentionSpan(queries: 9..<79, prefix: 0..<0, ownStart: 9),
        AttentionSpan(queries: 79..<84, prefix: 0..<3, ownStart: 9, past: 70),
    ]
    private let tokens = 84
    private let products: TestProducts

    init() throws { products = try TestProducts() }

    /// Queries, keys and values of one array.
    private func views(_ test: Case, _ floats: inout [Float]) -> (Heads, Heads, Heads) {
        floats.withUnsafeMutableBufferPointer {
            let base = $0.baseAddress!
            func heads(_ part: Int) -> Heads {
                let place = test.place(part, tokens: tokens)
                return Heads(
                    floats: base + place.start, rowStride: place.rowStride,
                    headStride: place.headStride)
            }
            return (heads(0), heads(1), heads(2))
        }
    }

    private func forward(_ test: Case, _ x: [Float], _ spans: [AttentionSpan]) -> [Float] {
        var x = x
        let (queries, keys, values) = views(test, &x)
        let most = spans.map(\.keyCount).max() ?? 0
        var scratch = [Float](
            repeating: .nan,
            count: test.attention.forwardScratch(keys: most, lanes: products.scratch.lanes))
        var out = [Float](repeating: .nan, count: tokens * 16)
        test.attention.forward(
            Attention.Inputs(queries: queries, keys: keys, values: values, spans: spans),
            scratch: &scratch, products: products.scratch, into: &out)
        return out
    }

    /// One number after the other.
    private func slowly(_ test: Case, _ x: [Float], _ spans: [AttentionSpan]) -> [Float] {
        var out = [Float](repeating: .nan, count: tokens * 16)
        func at(_ part: Int, _ row: Int, _ head: Int, _ i: Int) -> Double {
            let place = test.place(part, tokens: tokens)
            return Double(x[place.start + row * place.rowStride + head * place.headStride + i])
        }
        let group = 4 / test.keyValueHeads
        for span in spans {
            for (index, query) in span.queries.enumerated() {
                let own = span.ownStart..<span.ownStart + span.past + index + 1
                let seen = (Array(span.prefix) + Array(own)).suffix(test.window ?? .max)
                for head in 0..<4 {
                    let scores = seen.map { key in
                        let score =
                            0.5
                            * (0..<4).reduce(0) {
                                $0 + at(0, query, head, $1) * at(1, key, head / group, $1)
                            }
                        return test.softCap.map { Double($0) * tanh(score / Double($0)) } ?? score
                    }
                    let sum = scores.reduce(0) { $0 + exp($1) }
                    for i in 0..<4 {
                        let value = zip(seen, scores).reduce(0) {
                            $0 + exp($1.1) / sum * at(2, $1.0, head / group, i)
                        }
                        out[query * 16 + head * 4 + i] = Float(value)
                    }
                }
            }
        }
        return out
    }

    @Test(arguments: cases)
    func isTheSlowLoops(_ test: Case) {
        let x = testNumbers(tokens * test.width, seed: 1).map { $0 * 2 }
        expectClose(
            forward(test, x, Self.spans), slowly(test, x, Self.spans), absolute: 1e-5)
        // Queries that continue a cached text.
        let late = [AttentionSpan(queries: 0..<5, prefix: 0..<0, ownStart: 2, past: 70)]
        expectClose(
            Array(forward(test, x, late).prefix(5 * 16)),
            Array(slowly(test, x, late).prefix(5 * 16)), absolute: 1e-5)
    }

    @Test(arguments: cases)
    func backward(_ test: Case) {
        var x = testNumbers(tokens * test.width, seed: 1)
        let dout = testNumbers(tokens * 16, seed: 4)
        var dx = [Float](repeating: .nan, count: x.count)
        let (queries, keys, values) = views(test, &x)
        let derivatives = views(test, &dx)
        let most = Self.spans.map(\.keyCount).max() ?? 0
        var scratch = [Float](
            repeating: .nan,
            count: test.attention.backwardScratch(
                keys: most, lanes: products.scratch.lanes, tokens: tokens))
        test.attention.backward(
            Attention.Inputs(queries: queries, keys: keys, values: values, spans: Self.spans),
            doutput: dout, tokens: tokens, scratch: &scratch, products: products.scratch,
            into: Attention.Gradients(
                queries: derivatives.0, keys: derivatives.1, values: derivatives.2))
        expectClose(
            dx, finiteDifference(of: { forward(test, $0, Self.spans) }, at: x, weights: dout),
            absolute: 1e-3)
    }

    /// All dimensions of heads that lie side by side, and some of heads that lie apart.
    @Test(arguments: [false, true], [8, 12])
    func rope(interleaved: Bool, headStride: Int) throws {
        let (rows, heads) = (3, 2)
        let table = try RoPETable(
            positions: 9, frequencies: [1, 0.3, 0.1], magnitude: 1.2)
        let positions: [Int32] = [0, 8, 3]
        let x = testNumbers(rows * heads * headStride, seed: 1)
        let dy = testNumbers(x.count, seed: 2)
        func view(_ x: inout [Float]) -> Heads {
            x.withUnsafeMutableBufferPointer {
                Heads(
                    floats: $0.baseAddress!, rowStride: heads * headStride, headStride: headStride)
            }
        }
        func forward(_ x: [Float]) -> [Float] {
            var y = x
            table.forward(view(&y), count: heads, positions: positions, interleaved: interleaved)
            return y
        }
        var dx = dy
        table.backward(view(&dx), count: heads, positions: positions, interleaved: interleaved)
        expectClose(dx, finiteDifference(of: forward, at: x, weights: dy), absolute: 1e-4)
        // By hand: pair 1 of the second head of the second row.
        let y = forward(x)
        let start = headStride * 3
        let (a, b) = interleaved ? (start + 2, start + 3) : (start + 1, start + 4)
        let angle: Float = 8 * 0.3
        expectClose(
            [y[a], y[b]],
            [
                1.2 * (x[a] * cos(angle) - x[b] * sin(angle)),
                1.2 * (x[b] * cos(angle) + x[a] * sin(angle)),
            ], absolute: 1e-5)
        // What is beyond the pairs stays.
        #expect(y[start + 6..<start + 8] == x[start + 6..<start + 8])
    }
}
