import CKernels

/// A run of tokens that attend to a shared prefix and, causally, to their own run.
///
/// A prompt is a span without prefix; each of its responses is a span whose prefix is the prompt,
/// so attention never crosses between responses. Tokens that continue a cached text are a span
/// whose own run began before its first query.
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

    /// Queries are taken in blocks, so that memory stays linear in the number of keys.
    private static let blockRows = 64

    package init(heads: Int, keyValueHeads: Int, headWidth: Int, scale: Float) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headWidth = headWidth
        self.scale = scale
    }

    private var queryStride: Int { heads * headWidth }
    private var keyStride: Int { keyValueHeads * headWidth }
    private func keyOffset(_ head: Int) -> Int { head / (heads / keyValueHeads) * headWidth }

    /// The scratch that `forward` wants, in floats, when no query sees more than `keys`. The work
    /// is done in `lanes`, side by side, each with scratch of its own.
    package static func forwardScratch(keys: Int, lanes: Int) -> Int { lanes * blockRows * keys }
    /// The scratch that `backward` wants, for `tokens` tokens.
    package func backwardScratch(keys: Int, lanes: Int, tokens: Int) -> Int {
        2 * lanes * Self.blockRows * keys + 2 * tokens * queryStride
    }

    package func forward(
        queries: UnsafePointer<Float>, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
        spans: [AttentionSpan], scratch: UnsafeMutablePointer<Float>, products: ProductScratch,
        into output: UnsafeMutablePointer<Float>
    ) {
        let scratchStride = Self.blockRows * (spans.map(\.keyCount).max() ?? 0)
        let blocks = Self.blocks(of: spans)
        let tasks = blocks.count * heads
        Parallel.forEach(tasks, lanes: products.lanes) { task, lane in
            let (block, head) = (blocks[task / heads], task % heads)
            let weights = scratch + lane * scratchStride
            attentionWeights(block, head, queries, keys, products.lane(lane), into: weights)
            let out = output + block.queryRow * queryStride + head * headWidth
            for (index, part) in block.parts.enumerated() where part.count > 0 {
                productOnOneThread(
                    m: block.rows, n: headWidth, k: part.count,
                    Operand(weights + part.column, stride: block.keys),
                    Operand(values + part.row * keyStride + keyOffset(head), stride: keyStride),
                    beta: index == 0 || block.parts[0].count == 0 ? 0 : 1, into: out,
                    stride: queryStride, scratch: products.lane(lane))
            }
        }
    }

    /// Overwrites dqueries, dkeys and dvalues, given doutput. Attention weights are computed again.
    package func backward(
        queries: UnsafePointer<Float>, keys: UnsafePointer<Float>, values: UnsafePointer<Float>,
        doutput: UnsafePointer<Float>, tokens: Int, spans: [AttentionSpan],
        scratch: UnsafeMutablePointer<Float>, products: ProductScratch,
        dqueries: UnsafeMutablePointer<Float>,
        dkeys: UnsafeMutablePointer<Float>, dvalues: UnsafeMutablePointer<Float>
    ) {
        let scratchStride = Self.blockRows * (spans.map(\.keyCount).max() ?? 0)
        let blocks = Self.blocks(of: spans)
        // Each query head has key and value gradients of its own, [tokens, heads, headWidth], so
        // that the heads of a group can run side by side; they are added up at the end.
        let dkeysByHead = scratch + 2 * products.lanes * scratchStride
        let dvaluesByHead = dkeysByHead + tokens * queryStride
        dkeysByHead.update(repeating: 0, count: 2 * tokens * queryStride)
        Parallel.forEach(heads, lanes: products.lanes) { head, lane in
            let weights = scratch + 2 * lane * scratchStride
            let dweights = weights + scratchStride
            for block in blocks {
                attentionWeights(block, head, queries, keys, products.lane(lane), into: weights)
                backward(
                    block, head, queries, keys, values, doutput, weights, dweights, dqueries,
                    dkeysByHead, dvaluesByHead, products.lane(lane))
            }
        }
        addUpGroups(dkeysByHead, tokens, into: dkeys)
        addUpGroups(dvaluesByHead, tokens, into: dvalues)
    }

    /// One block of queries of one head, given its attention weights.
    private func backward(
        _ block: Block, _ head: Int, _ queries: UnsafePointer<Float>, _ keys: UnsafePointer<Float>,
        _ values: UnsafePointer<Float>, _ doutput: UnsafePointer<Float>,
        _ weights: UnsafeMutablePointer<Float>, _ dweights: UnsafeMutablePointer<Float>,
        _ dqueries: UnsafeMutablePointer<Float>, _ dkeys: UnsafeMutablePointer<Float>,
        _ dvalues: UnsafeMutablePointer<Float>, _ scratch: UnsafeMutablePointer<Float>
    ) {
        let keyOffset = keyOffset(head)
        let queryOffset = block.queryRow * queryStride + head * headWidth
        let dout = doutput + queryOffset
        for part in block.parts where part.count > 0 {
            productOnOneThread(  // dweights = dout values^T
                m: block.rows, n: part.count, k: headWidth, Operand(dout, stride: queryStride),
                Operand(
                    values + part.row * keyStride + keyOffset, stride: keyStride, transposed: true),
                into: dweights + part.column, stride: block.keys, scratch: scratch)
        }
        for row in 0..<block.rows {
            adpo_softmax_backward(
                weights + row * block.keys, dweights + row * block.keys, block.keys, scale)
        }
        for (index, part) in block.parts.enumerated() where part.count > 0 {
            let partOffset = part.row * queryStride + head * headWidth
            productOnOneThread(  // dvalues += weights^T dout
                m: part.count, n: headWidth, k: block.rows,
                Operand(weights + part.column, stride: block.keys, transposed: true),
                Operand(dout, stride: queryStride), beta: 1, into: dvalues + partOffset,
                stride: queryStride, scratch: scratch)
            productOnOneThread(  // dkeys += dscores^T queries
                m: part.count, n: headWidth, k: block.rows,
                Operand(dweights + part.column, stride: block.keys, transposed: true),
                Operand(queries + queryOffset, stride: queryStride), beta: 1,
                into: dkeys + partOffset, stride: queryStride, scratch: scratch)
            productOnOneThread(  // dqueries = dscores keys
                m: block.rows, n: headWidth, k: part.count,
                Operand(dweights + part.column, stride: block.keys),
                Operand(keys + part.row * keyStride + keyOffset, stride: keyStride),
                beta: index == 0 || block.parts[0].count == 0 ? 0 : 1,
                into: dqueries + queryOffset, stride: queryStride, scratch: scratch)
        }
    }

    /// weights = softmax(scale queries keys^T), [block.rows, block.keys], causal in the own run.
    private func attentionWeights(
        _ block: Block, _ head: Int, _ queries: UnsafePointer<Float>, _ keys: UnsafePointer<Float>,
        _ scratch: UnsafeMutablePointer<Float>, into weights: UnsafeMutablePointer<Float>
    ) {
        let query = queries + block.queryRow * queryStride + head * headWidth
        for part in block.parts where part.count > 0 {
            productOnOneThread(
                m: block.rows, n: part.count, k: headWidth, Operand(query, stride: queryStride),
                Operand(
                    keys + part.row * keyStride + keyOffset(head), stride: keyStride,
                    transposed: true), into: weights + part.column, stride: block.keys,
                scratch: scratch)
        }
        for row in 0..<block.rows {
            let seen = block.keys - block.rows + row + 1
            let weights = weights + row * block.keys
            _ = adpo_softmax(weights, seen, scale)
            (weights + seen).update(repeating: 0, count: block.keys - seen)
        }
    }

    /// Sums [tokens, heads, headWidth] over the heads of each group: [tokens, keyValueHeads, headWidth].
    private func addUpGroups(
        _ byHead: UnsafePointer<Float>, _ tokens: Int, into output: UnsafeMutablePointer<Float>
    ) {
        let group = heads / keyValueHeads
        Parallel.forEachRange(tokens) { range in
            for row in range.lowerBound * keyValueHeads..<range.upperBound * keyValueHeads {
                let sum = output + row * headWidth
                sum.update(from: byHead + row * group * headWidth, count: headWidth)
                for member in stride(from: 1, to: group, by: 1) {
                    adpo_add_scaled(
                        sum, byHead + (row * group + member) * headWidth, 1, headWidth)
                }
            }
        }
    }

    /// Some queries of a span, and the keys that the last of them sees.
    private struct Block {
        let queryRow: Int
        let rows: Int
        /// Prefix and own run: keys from `row` on stand in the scores from `column` on.
        let parts: [(row: Int, column: Int, count: Int)]
        var keys: Int { parts[0].count + parts[1].count }
    }

    private static func blocks(of spans: [AttentionSpan]) -> [Block] {
        spans.flatMap { span in
            stride(from: 0, to: span.queries.count, by: blockRows).map { first in
                let rows = min(blockRows, span.queries.count - first)
                return Block(
                    queryRow: span.queries.lowerBound + first, rows: rows,
                    parts: [
                        (span.prefix.lowerBound, 0, span.prefix.count),
                        (span.ownStart, span.prefix.count, span.past + first + rows),
                    ])
            }
        }
    }
}
