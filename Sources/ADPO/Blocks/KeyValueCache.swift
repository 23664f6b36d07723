import ADPOBase
import ADPOTensor

/// The keys and values of a text so far, which generation continues token by token. Layers that see a
/// window alone keep little more than that.
package final class KeyValueCache {
    private let layers: [CachedLayer]
    /// The tokens of the text so far.
    private(set) var count = 0

    /// For the attention of each layer.
    package init(_ layers: [Attention]) throws(ADPOError) {
        var cached: [CachedLayer] = []
        for layer in layers { cached.append(try CachedLayer(layer)) }
        self.layers = cached
    }

    /// Makes room for more tokens.
    func reserve(_ more: Int) throws(ADPOError) {
        for layer in layers { try layer.reserve(more) }
    }

    /// Appends the keys and values of some tokens, for which there is room.
    ///
    /// - Returns: The queries with all keys and values that they see.
    func extend(_ layer: Int, _ inputs: Attention.Inputs, tokens: Int) -> Attention.Inputs {
        layers[layer].extend(inputs, tokens: tokens)
    }

    func advance(by tokens: Int) {
        count += tokens
        for layer in layers { layer.shrink() }
    }

    /// Forgets the text.
    func clear() {
        count = 0
        for layer in layers { layer.clear() }
    }
}

/// The keys and values of one layer.
private final class CachedLayer {
    private let heads: Int
    private let headWidth: Int
    /// The most tokens that are of use to the next one.
    private let window: Int
    private var buffer: Buffer<Float>  // [2, capacity, heads * headWidth]: keys, values
    private var capacity = 0
    private var count = 0
    /// Tokens beyond the window that are kept until there is no more room.
    private static let slack = 256

    init(_ attention: Attention) throws(ADPOError) {
        heads = attention.keyValueHeads
        headWidth = attention.headWidth
        window = attention.window.map { $0 - 1 } ?? .max
        buffer = try Buffer(zeros: 0)
    }

    private var width: Int { heads * headWidth }

    func reserve(_ more: Int) throws(ADPOError) {
        guard count + more > capacity else { return }
        let kept = min(count, window)
        if window < .max, kept + more <= capacity {
            keepLast(kept)
            return
        }
        let needed = kept + more
        try move(
            kept, toCapacity: window < .max ? needed + Self.slack : max(needed, 2 * capacity))
    }

    func clear() { count = 0 }

    /// Gives back what a long prompt took beyond the window.
    func shrink() {
        guard window < .max, capacity > window + 2 * Self.slack else { return }
        // Without memory for a smaller buffer the larger one does as well.
        try? move(min(count, window), toCapacity: window + Self.slack)
    }

    func extend(_ inputs: Attention.Inputs, tokens: Int) -> Attention.Inputs {
        let past = count
        let (keys, values) = (buffer.pointer, buffer.pointer + capacity * width)
        copy(inputs.keys, tokens, to: keys + past * width)
        copy(inputs.values, tokens, to: values + past * width)
        count += tokens
        return Attention.Inputs(
            queries: inputs.queries,
            keys: Heads(floats: keys, rowStride: width, headStride: headWidth),
            values: Heads(floats: values, rowStride: width, headStride: headWidth),
            spans: [AttentionSpan(queries: 0..<tokens, prefix: 0..<0, ownStart: 0, past: past)])
    }

    private func copy(_ source: Heads, _ tokens: Int, to target: UnsafeMutablePointer<Float>) {
        for token in 0..<tokens {
            for head in 0..<heads {
                (target + token * width + head * headWidth).update(
                    from: source.floats + token * source.rowStride + head * source.headStride,
                    count: headWidth)
            }
        }
    }

    /// Brings the last tokens to the front.
    private func keepLast(_ kept: Int) {
        for part in 0..<2 {
            let start = buffer.pointer + part * capacity * width
            start.update(from: start + (count - kept) * width, count: kept * width)
        }
        count = kept
    }

    private func move(_ kept: Int, toCapacity new: Int) throws(ADPOError) {
        let (floats, overflow) = (2 * width).multipliedReportingOverflow(by: new)
        guard !overflow else {
            throw ADPOError(.outOfMemory, "out of memory: a cache of \(new) tokens")
        }
        let moved = try Buffer<Float>(zeros: floats)
        for part in 0..<2 {
            (moved.pointer + part * new * width).update(
                from: buffer.pointer + (part * capacity + count - kept) * width,
                count: kept * width)
        }
        buffer = moved
        capacity = new
        count = kept
    }
}
