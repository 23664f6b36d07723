import ADPOBase

/// A regular expression as the files of tokenizers have them, which finds its matches in time linear
/// in the text's length.
package struct Pattern: Sendable {
    /// As it was written.
    package let expression: String
    private let automaton: PatternAutomaton

    /// - Throws: `.unsupported` for constructs that are not known, `.format` for what is malformed.
    package init(_ expression: String) throws(ADPOError) {
        self.expression = expression
        automaton = try PatternAutomaton(PatternProgram(PatternParser.parse(expression)))
    }

    /// Whether matches follow one another without a gap in every text.
    package var coversEveryText: Bool { automaton.coversEveryText }

    /// Calls `body` with each match in a well-formed text, in their order. As in Oniguruma, no empty
    /// match touches the one before.
    ///
    /// - Returns: How many characters were looked at.
    @discardableResult
    package func forEachMatch(
        in text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void
    ) -> Int {
        automaton.transitions.withUnsafeBufferPointer { transitions in
            automaton.alphabet.ascii.withUnsafeBufferPointer { ascii in
                var search = PatternSearch(automaton, transitions, ascii, text)
                search.forEachMatch(body)
                return search.steps
            }
        }
    }
}

/// A search for matches in one text.
private struct PatternSearch {
    private let automaton: PatternAutomaton
    private let transitions: UnsafeBufferPointer<UInt16>
    private let ascii: UnsafeBufferPointer<UInt8>
    private let text: UnsafeBufferPointer<UInt8>
    private let symbolCount: Int
    private let lookaheadCount: Int
    private let lookaheads: [UInt8]
    /// States and places from which there is no match farther on, so that none is looked at twice:
    /// otherwise each match could read to the end of the text (Reps 1998, "Maximal-munch tokenization
    /// in linear time"). Only every 64th place is kept, which bounds what is read twice by that.
    private var failures: Set<Int> = []
    private(set) var steps = 0

    private static let stride = 64

    init(
        _ automaton: PatternAutomaton, _ transitions: UnsafeBufferPointer<UInt16>,
        _ ascii: UnsafeBufferPointer<UInt8>, _ text: UnsafeBufferPointer<UInt8>
    ) {
        self.automaton = automaton
        self.transitions = transitions
        self.ascii = ascii
        self.text = text
        symbolCount = automaton.symbolCount
        lookaheadCount = automaton.lookaheads?.count ?? 0
        lookaheads = automaton.lookaheads?.bits(text, automaton) ?? []
    }

    mutating func forEachMatch(_ body: (Range<Int>) -> Void) {
        var start = 0
        var lastEnd: Int?
        while start <= text.count {
            let end = matchEnd(from: start)
            if let end, end > start || lastEnd != end {
                body(start..<end)
                lastEnd = end
                if end > start {
                    start = end
                    continue
                }
            }
            start = start < text.count ? text.scalar(at: start).end : start + 1
        }
    }

    /// Where the preferred match ends that begins at an index.
    private mutating func matchEnd(from start: Int) -> Int? {
        var end: Int?
        var state = automaton.starts[Int(context(at: start))]
        var index = start
        var passed: [Int] = []
        while true {
            var next = index
            var symbol = symbolCount - 1
            if index < text.count {
                let byte = text[index]
                if byte < 0x80 {
                    symbol = Int(ascii[Int(byte)])
                    next += 1
                } else {
                    let character = text.scalar(at: index)
                    symbol = Int(automaton.alphabet[character.scalar.value])
                    next = character.end
                }
            }
            var row = Int(state) * symbolCount
            if lookaheadCount > 0 {
                row = row << lookaheadCount + Int(lookaheads[index]) * symbolCount
            }
            let transition = transitions[row + symbol]
            steps += 1
            if transition & PatternAutomaton.matchBit != 0 {
                end = index
                if !passed.isEmpty { passed.removeAll() }
            }
            state = transition & ~PatternAutomaton.matchBit
            if state == PatternAutomaton.dead { break }
            if next / Self.stride != index / Self.stride {
                let key = next << 15 | Int(state)
                if failures.contains(key) { break }
                passed.append(key)
            }
            index = next
        }
        if !passed.isEmpty { failures.formUnion(passed) }
        return end
    }

    private func context(at index: Int) -> UInt8 {
        guard automaton.usesContext, index > 0 else { return 0 }
        return automaton.contexts[Int(automaton.alphabet[text.scalar(before: index).scalar.value])]
    }
}
