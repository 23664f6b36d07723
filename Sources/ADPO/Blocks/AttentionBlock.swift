import ADPOBase
import ADPOTensor

/// The attention of a decoder layer: linear layers make queries, keys and values, which are normalized and
/// rotated where the model does so; what they attend to goes through one more linear layer.
package struct AttentionBlock: Sendable {
    /// Where the heads of the queries, keys or values lie in what the projections give.
    package struct Part: Sendable {
        package let projection: Int
        package let offset: Int
        package let headStride: Int
    }

    /// Rotary position embeddings of queries and keys.
    package struct Rotary: Sendable {
        /// The place among the architecture's embeddings.
        package let table: Int
        /// Pairs are (2i, 2i + 1) rather than (i, i + half).
        package let isInterleaved: Bool

        package init(table: Int, isInterleaved: Bool) {
            self.table = table
            self.isInterleaved = isInterleaved
        }
    }

    /// Queries are multiplied by 1 + beta log(1 + floor(position / context)), as in Llama 4 and Ministral 3.
    package struct PositionScale: Sendable {
        package let beta: Float
        package let context: Int

        package init(beta: Float, context: Int) {
            self.beta = beta
            self.context = context
        }

        func factor(_ position: Int32) -> Float {
            1 + beta * Float(log(Double(1 + Int(position) / context)))
        }
    }

    package var attention: Attention
    /// nil for layers without positions.
    package var rotary: Rotary?
    /// One fused layer, or one each for queries, keys and values.
    package var projections: [LinearLayer]
    package var query: Part
    package var key: Part
    package var value: Part
    /// One over each head, or over all heads at once; or one for each head. None where there is no norm.
    package var queryNorms: [NormLayer] = []
    package var keyNorms: [NormLayer] = []
    /// Queries and keys are rotated first, then normalized.
    package var rotatesBeforeNorms = false
    package var positionScale: PositionScale?
    package var output: LinearLayer

    package var queryWidth: Int { attention.heads * attention.headWidth }
    package var keyWidth: Int { attention.keyValueHeads * attention.headWidth }
}

// MARK: Memory

extension AttentionBlock {
    struct Memory {
        // The forward pass leaves these for the backward pass.
        let projected: [Slot]  // [tokens, rows of the projection], rotated unless that comes later
        let normedQuery: Slot  // [tokens, heads * headWidth], rotated
        let normedKey: Slot  // [tokens, keyValueHeads * headWidth], rotated
        let attended: Slot  // [tokens, heads * headWidth]
        let hidden: [Slot]  // [tokens, rank], of the projections and the output
        // Scratch that other blocks use, too.
        let scratch: Slot
        let dprojected: [Slot]
        let dnormedQuery: Slot
        let dnormedKey: Slot
        let dattended: Slot
    }

    func memory(
        _ kept: inout MemoryPlan, scratch: inout MemoryPlan, _ shape: PassShape
    ) -> Memory {
        let (tokens, trained) = (shape.tokens, shape.trainedTokens)
        let (queryRows, keyRows) = (queryNorms.isEmpty ? 0 : 1, keyNorms.isEmpty ? 0 : 1)
        let floats =
            shape.isTraining
            ? attention.backwardScratch(keys: shape.keys, lanes: shape.lanes, tokens: tokens)
            : attention.forwardScratch(keys: shape.keys, lanes: shape.lanes)
        return Memory(
            projected: projections.map { kept.take(tokens, $0.rows) },
            normedQuery: kept.take(queryRows * tokens, queryWidth),
            normedKey: kept.take(keyRows * tokens, keyWidth),
            attended: kept.take(tokens, queryWidth),
            hidden: (0...projections.count).map { _ in kept.take(tokens, shape.rank) },
            scratch: scratch.take(1, floats),
            dprojected: projections.map { scratch.take(trained, $0.rows) },
            dnormedQuery: scratch.take(queryRows * trained, queryWidth),
            dnormedKey: scratch.take(keyRows * trained, keyWidth),
            dattended: scratch.take(trained, queryWidth))
    }
}

// MARK: Forward

extension AttentionBlock {
    /// y = attention of x, for x and y [tokens, width]; adds to y when `adds`.
    func forward(
        _ pass: Pass, _ memory: Memory, layer: Int, _ x: Slot, adds: Bool,
        into y: UnsafeMutablePointer<Float>
    ) {
        let x = pass.rows(x)
        for (index, projection) in projections.enumerated() {
            pass.forward(
                projection, x, hidden: memory.hidden[index],
                into: pass.floats(memory.projected[index]))
        }
        var inputs = inputs(pass, memory)
        if rotatesBeforeNorms {
            rotate(pass, heads(pass, memory.projected, query), heads: attention.heads)
            rotate(pass, heads(pass, memory.projected, key), heads: attention.keyValueHeads)
        }
        forward(
            pass, queryNorms, heads(pass, memory.projected, query), count: attention.heads,
            into: inputs.queries)
        forward(
            pass, keyNorms, heads(pass, memory.projected, key), count: attention.keyValueHeads,
            into: inputs.keys)
        if !rotatesBeforeNorms {
            rotate(pass, inputs.queries, heads: attention.heads)
            rotate(pass, inputs.keys, heads: attention.keyValueHeads)
        }
        scale(pass, inputs.queries)
        if let cache = pass.cache {
            inputs = cache.extend(layer, inputs, tokens: pass.shape.tokens)
        }
        attention.forward(
            inputs, scratch: pass.floats(memory.scratch), products: pass.products,
            into: pass.floats(memory.attended))
        pass.forward(
            output, pass.rows(memory.attended), hidden: memory.hidden[projections.count],
            adds: adds, into: y)
    }

    /// Normalized, rotated queries and keys, and values.
    private func inputs(_ pass: Pass, _ memory: Memory) -> Attention.Inputs {
        Attention.Inputs(
            queries: queryNorms.isEmpty
                ? heads(pass, memory.projected, query)
                : contiguous(pass, memory.normedQuery),
            keys: keyNorms.isEmpty
                ? heads(pass, memory.projected, key) : contiguous(pass, memory.normedKey),
            values: heads(pass, memory.projected, value), spans: pass.sequence.spans)
    }

    private func heads(_ pass: Pass, _ slots: [Slot], _ part: Part) -> Heads {
        let slot = slots[part.projection]
        return Heads(
            floats: pass.floats(slot) + part.offset, rowStride: slot.width,
            headStride: part.headStride)
    }

    private func contiguous(_ pass: Pass, _ slot: Slot) -> Heads {
        Heads(
            floats: pass.floats(slot), rowStride: slot.width, headStride: attention.headWidth)
    }

    /// The heads of `count` that a norm of several works on, or all; and how often it does in each row.
    private func units(
        _ norms: [NormLayer], _ norm: Int, of count: Int
    ) -> (firstHead: Int, count: Int) {
        norms.count > 1 ? (norm, 1) : (0, count * attention.headWidth / norms[norm].width)
    }

    private func forward(
        _ pass: Pass, _ norms: [NormLayer], _ x: Heads, count: Int, into y: Heads
    ) {
        for (index, norm) in norms.enumerated() {
            let units = units(norms, index, of: count)
            pass.weights[norm].forward(
                x.from(units.firstHead), count: units.count, tokens: pass.shape.tokens,
                into: y.from(units.firstHead))
        }
    }

    private func rotate(_ pass: Pass, _ heads: Heads, heads count: Int) {
        guard let rotary else { return }
        pass.rotaries[rotary.table].table.forward(
            heads, count: count, positions: pass.sequence.positions,
            interleaved: rotary.isInterleaved)
    }
}

extension AttentionBlock {
    /// Scales queries by their positions, or derivatives by them, in place.
    private func scale(_ pass: Pass, _ queries: Heads) {
        guard let positionScale else { return }
        let positions = pass.sequence.positions
        Parallel.forEachRange(positions.count) { rows in
            for row in rows {
                let factor = positionScale.factor(positions[row])
                guard factor != 1 else { continue }
                for head in 0..<attention.heads {
                    let query = queries.place(row, head)
                    for index in 0..<attention.headWidth { query[index] *= factor }
                }
            }
        }
    }
}

// MARK: Backward

extension AttentionBlock {
    /// Given dy, the derivative by y, the one by x; added to dx when `adds`. dx is nil where nothing below
    /// needs it.
    func backward(
        _ pass: Pass, _ memory: Memory, x: Slot, dy: UnsafePointer<Float>, adds: Bool,
        into dx: UnsafeMutablePointer<Float>?, gradients: Gradients
    ) {
        let tokens = pass.shape.tokens
        pass.backward(
            output, x: pass.floats(memory.attended), dy: dy, count: tokens,
            hidden: memory.hidden[projections.count], into: pass.floats(memory.dattended),
            gradients: gradients)
        let derivatives = Attention.Gradients(
            queries: queryNorms.isEmpty
                ? heads(pass, memory.dprojected, query)
                : contiguous(pass, memory.dnormedQuery),
            keys: keyNorms.isEmpty
                ? heads(pass, memory.dprojected, key) : contiguous(pass, memory.dnormedKey),
            values: heads(pass, memory.dprojected, value))
        attention.backward(
            inputs(pass, memory), doutput: pass.floats(memory.dattended), tokens: tokens,
            scratch: pass.floats(memory.scratch), products: pass.products, into: derivatives)
        scale(pass, derivatives.queries)
        if !rotatesBeforeNorms {
            rotateBack(pass, derivatives.queries, heads: attention.heads)
            rotateBack(pass, derivatives.keys, heads: attention.keyValueHeads)
        }
        backward(
            pass, queryNorms, memory, query, count: attention.heads, dy: derivatives.queries,
            gradients)
        backward(
            pass, keyNorms, memory, key, count: attention.keyValueHeads, dy: derivatives.keys,
            gradients)
        if rotatesBeforeNorms {
            rotateBack(pass, heads(pass, memory.dprojected, query), heads: attention.heads)
            rotateBack(pass, heads(pass, memory.dprojected, key), heads: attention.keyValueHeads)
        }
        for (index, projection) in projections.enumerated() {
            pass.backward(
                projection, x: pass.floats(x), dy: pass.floats(memory.dprojected[index]),
                count: tokens, hidden: memory.hidden[index], adds: adds || index > 0, into: dx,
                gradients: gradients)
        }
    }

    private func backward(
        _ pass: Pass, _ norms: [NormLayer], _ memory: Memory, _ part: Part, count: Int, dy: Heads,
        _ gradients: Gradients
    ) {
        let (x, dx) = (heads(pass, memory.projected, part), heads(pass, memory.dprojected, part))
        for (index, norm) in norms.enumerated() {
            let units = units(norms, index, of: count)
            pass.weights[norm].backward(
                x.from(units.firstHead), dy: dy.from(units.firstHead), count: units.count,
                tokens: pass.shape.tokens, into: dx.from(units.firstHead),
                dweight: gradients.weights?[norm.weight])
        }
    }

    private func rotateBack(_ pass: Pass, _ heads: Heads, heads count: Int) {
        guard let rotary else { return }
        pass.rotaries[rotary.table].table.backward(
            heads, count: count, positions: pass.sequence.positions,
            interleaved: rotary.isInterleaved)
    }
}
