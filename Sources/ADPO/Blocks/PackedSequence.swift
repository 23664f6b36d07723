import ADPOTensor

/// Prompts and their responses as one sequence of tokens for one pass of the decoder.
///
/// A response attends to its prompt and to itself, never to another response; its positions go on
/// where the prompt's end. So each prompt is computed once, however many responses it has, and
/// nothing is padded.
package struct PackedSequence: Sendable {
    package private(set) var tokens: [Int32] = []  // [tokens]
    package private(set) var positions: [Int32] = []  // [tokens]
    package private(set) var spans: [AttentionSpan] = []
    /// The row whose hidden state predicts each target.
    package private(set) var rows: [Int] = []  // [targets]
    package private(set) var targets: [Int32] = []  // [targets]
    /// The longest prompt with response, in tokens.
    package private(set) var length = 0

    package init() {}

    /// One text, with every token after the first as a target.
    package init(text: some RandomAccessCollection<Int32>) {
        append(span: text, position: 0, prefix: 0..<0)
        rows = Array(0..<max(text.count - 1, 0))
        targets = Array(text.dropFirst())
    }

    /// Tokens that continue a cached text of `past` tokens; without targets.
    package init(tokens: some RandomAccessCollection<Int32>, past: Int) {
        append(span: tokens, position: past, prefix: 0..<0, past: past)
    }

    /// Adds a prompt of at least one token and responses, whose tokens become targets in order.
    /// The last token of a response predicts nothing, so it is not computed.
    package mutating func append(
        prompt: some RandomAccessCollection<Int32>,
        responses: [some RandomAccessCollection<Int32>]
    ) {
        let prefix = tokens.count..<tokens.count + prompt.count
        append(span: prompt, position: 0, prefix: 0..<0)
        for response in responses where !response.isEmpty {
            let start = tokens.count
            append(span: response.dropLast(), position: prompt.count, prefix: prefix)
            rows.append(prefix.upperBound - 1)
            rows.append(contentsOf: start..<tokens.count)
            targets.append(contentsOf: response)
        }
    }

    private mutating func append(
        span: some RandomAccessCollection<Int32>, position: Int, prefix: Range<Int>, past: Int = 0
    ) {
        let start = tokens.count
        tokens.append(contentsOf: span)
        positions.append(
            contentsOf: (position..<position + span.count).map { Int32(truncatingIfNeeded: $0) })
        length = max(length, position + span.count)
        guard !span.isEmpty else { return }
        spans.append(
            AttentionSpan(
                queries: start..<tokens.count, prefix: prefix, ownStart: start, past: past))
    }

    /// The most keys that any query sees.
    package var keyCount: Int { spans.map(\.keyCount).max() ?? 0 }
}
