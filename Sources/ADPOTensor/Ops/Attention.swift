import CKernels

/// A run of tokens that attend to a shared prefix and, causally, to their own run.
///
/// A prompt is a span without prefix; each of its responses is a span whose prefix is the prompt,
/// so attention never crosses between responses. Tokens that continue a cached text are a span
/// whose own run began before its first query. The own run's positions go on where the prefix ends.
package struct AttentionSpan: Sendable, Equatable {
    /// Rows of the queries.
    package var queries: Range<Int>
    /// Rows of keys and values that each query sees.
    package var prefix: Range<Int>
    /// The row of keys and values where the own run begins.
    package var ownStart: Int
    /// How many rows of the own run come before the first query: query i sees `past + i + 1`.
    package var past: Int

    package init(queries: Range<Int>, prefix: Range<Int>, ownStart: Int, past: Int = 0) {
        self.queries = queries
        self.prefix = prefix
        self.ownStart = ownStart
        self.past = past
    }

    /// The keys that the last query sees.
    package var keyCount: Int { prefix.count + past + queries.count }
}

/// Scaled dot-product attention with grouped heads (arXiv 2305.13245).
///
/// Queries and outputs are [tokens, heads, headWidth]; keys and values are
/// [tokens, keyValueHeads, headWidth]. Query head h uses key head h / (heads / keyValueHeads).
package struct Attention: Sendable {
    package let heads: Int
    package let keyValueHeads: Int
    package let headWidth: Int
    package let scale: Float
    /// A query sees so many keys, its own the last of them; nil: all before it.
    package let window: Int?
    /// Scores are cap * tanh(scores / cap), as in Gemma 2.
    package let softCap: Float?

    package init(
        heads: Int, keyValueHeads: Int, headWidth: Int, scale: Float, window: Int? = nil,
        softCap: Float? = nil
    ) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headWidth = headWidth
        self.scale = scale
        self.window = window
        self.softCap = softCap
    }

    package struct Inputs {
        package let queries: Heads
        package let keys: Heads
        package let values: Heads
        package let spans: [AttentionSpan]

        package init(queries: Heads, keys: Heads, values: Heads, spans: [AttentionSpan]) {
            self.queries = queries
            self.keys = keys
            self.values = values
            self.spans = spans
        }
    }

    /// The derivatives by the inputs.
    package struct Gradients {
        package let queries: Heads
        package let keys: Heads
        package let values: Heads

        package init(queries: Heads, keys: Heads, values: Heads) {
            self.queries = queries
            self.keys = keys
            self.values = values
        }
    }

    /// Queries are taken in blocks, so that memory stays linear in the number of keys.
    static let blockRows = 64

    var queryStride: Int { heads * headWidth }
    func keyHead(_ head: Int) -> Int { head / (heads / keyValueHeads) }

    /// The most keys that a block of queries sees, of `keys`.
    private func blockKeys(_ keys: Int) -> Int {
        min(keys, min(keys, window ?? keys) + Self.blockRows)  // a file's window may be any number
    }

    /// The scratch that `forward` wants, in floats, when no query sees more than `keys`. The work
    /// is done in `lanes`, side by side, each with scratch of its own.
    package func forwardScratch(keys: Int, lanes: Int) -> Int {
        lanes * Self.blockRows * blockKeys(keys)
    }

    /// The scratch that `backward` wants, for `tokens` tokens.
    package func backwardScratch(keys: Int, lanes: Int, tokens: Int) -> Int {
        (softCap == nil ? 2 : 3) * lanes * Self.blockRows * blockKeys(keys)
            + 2 * tokens * queryStride
    }

    /// - Parameter output: `// [tokens, heads * headWidth]`
    package func forward(
        _ inputs: Inputs, scratch: UnsafeMutablePointer<Float>, products: ProductScratch,
        into output: UnsafeMutablePointer<Float>
    ) {
        let stride = Self.blockRows * blockKeys(inputs.spans.map(\.keyCount).max() ?? 0)
        let blocks = blocks(of: inputs.spans)
        Parallel.forEach(blocks.count * heads, lanes: products.lanes) { task, lane in
            let (block, head) = (blocks[task / heads], task % heads)
            let weights = scratch + lane * stride
            attentionWeights(inputs, block, head, products.lane(lane), into: weights)
            for (index, part) in block.parts.enumerated() where part.count > 0 {
                productOnOneThread(
                    m: block.rows, n: headWidth, k: part.count,
                    Operand(weights + part.column, stride: block.keys),
                    inputs.values.operand(row: part.row, head: keyHead(head)),
                    beta: block.beta(index),
                    into: output + block.queryRow * queryStride + head * headWidth,
                    stride: queryStride, scratch: products.lane(lane))
            }
        }
    }

    /// weights = softmax(scale queries keys^T), [block.rows, block.keys], of the keys that each query
    /// sees, and 0 of all others.
    ///
    /// - Parameter slopes: Receives the derivatives of the soft cap, [block.rows, block.keys].
    func attentionWeights(
        _ inputs: Inputs, _ block: Block, _ head: Int, _ scratch: UnsafeMutablePointer<Float>,
        into weights: UnsafeMutablePointer<Float>, slopes: UnsafeMutablePointer<Float>? = nil
    ) {
        for part in block.parts where part.count > 0 {
            productOnOneThread(
                m: block.rows, n: part.count, k: headWidth,
                inputs.queries.operand(row: block.queryRow, head: head),
                inputs.keys.operand(row: part.row, head: keyHead(head), transposed: true),
                into: weights + part.column, stride: block.keys, scratch: scratch)
        }
        for row in 0..<block.rows {
            let seen = block.seen(row, window: window)
            let place = row * block.keys
            let weights = weights + place
            if let softCap {
                adpo_soft_cap(
                    weights + seen.lowerBound, slopes.map { $0 + place + seen.lowerBound },
                    seen.count, scale, softCap)
            }
            _ = adpo_softmax(weights + seen.lowerBound, seen.count, softCap == nil ? scale : 1)
            weights.update(repeating: 0, count: seen.lowerBound)
            (weights + seen.upperBound).update(
                repeating: 0, count: block.keys - seen.upperBound)
        }
    }

    /// Some queries of a span, and the keys that any of them sees.
    struct Block {
        let queryRow: Int
        let rows: Int
        /// The keys of the prefix, and those of the own run: from `row` on, in the scores from `column` on.
        let parts: [(row: Int, column: Int, count: Int)]
        var keys: Int { parts[0].count + parts[1].count }

        /// The columns that a query sees.
        func seen(_ row: Int, window: Int?) -> Range<Int> {
            let end = keys - rows + row + 1
            return max(0, end - (window ?? end))..<end
        }

        /// Whether a part's product is the first into its place, or adds to it.
        func beta(_ part: Int) -> Float { part == 0 || parts[0].count == 0 ? 0 : 1 }
    }

    func blocks(of spans: [AttentionSpan]) -> [Block] {
        spans.flatMap { span in
            stride(from: 0, to: span.queries.count, by: Self.blockRows).map { first in
                let rows = min(Self.blockRows, span.queries.count - first)
                let own = span.past + first + rows
                // Positions before this one lie outside of all of the block's windows.
                let start = max(0, span.prefix.count + own - rows + 1 - (window ?? .max / 2))
                let prefix = max(0, span.prefix.count - start)
                let ownStart = max(0, start - span.prefix.count)
                return Block(
                    queryRow: span.queries.lowerBound + first, rows: rows,
                    parts: [
                        (span.prefix.upperBound - prefix, 0, prefix),
                        (span.ownStart + ownStart, prefix, own - ownStart),
                    ])
            }
        }
    }
}
