import ADPOBase

/// Reads a text from its end, and tells at each place which of an expression's look-aheads hold
/// there: so they take one pass, however far they look.
struct LookaheadAutomaton: Sendable {
    let count: Int
    private let contextCount: Int
    private let symbolCount: Int
    /// The state behind the text's last character, and the next one by state and class.
    private var start: UInt16 = 0
    private var transitions: [UInt16] = []
    /// The look-aheads that hold, by state and by the context before: a bit for each.
    private var holding: [UInt8] = []

    private static let maximumStates = 4096

    /// A state says, for each context before it, from which places of the program there is a match.
    private typealias State = [Bool]

    init(_ states: inout PatternStates) throws(ADPOError) {
        let program = states.program
        count = program.lookaheads.count
        let contexts = states.contexts
        contextCount = contexts.count
        symbolCount = states.alphabet.count
        // The places where a text can go on: where look-aheads begin, and behind characters.
        var places = program.lookaheads
        for case .set(_, let next) in program.instructions { places.append(next) }
        places = Set(places).sorted()
        var rank = [Int](repeating: 0, count: program.instructions.count)
        for (index, place) in places.enumerated() { rank[place] = index }

        /// The state before a character, or before the end.
        func before(_ symbol: Int, _ behind: State) throws(ADPOError) -> State {
            var result = State(repeating: false, count: contexts.count * places.count)
            let isEnd = symbol == symbolCount
            let next =
                isEnd ? 0 : contexts.firstIndex(of: states.context(behind: symbol)) ?? 0
            for (index, context) in contexts.enumerated() {
                for (place, start) in places.enumerated() {
                    let step = try states.advance(
                        [start], over: symbol, behind: context, lookaheads: 0)
                    result[index * places.count + place] =
                        step.isMatch
                        || !isEnd
                            && step.next.contains { behind[next * places.count + rank[$0]] }
                }
            }
            return result
        }

        var known: [State] = []
        var numbers: [State: UInt16] = [:]
        func number(_ state: State) throws(ADPOError) -> UInt16 {
            if let number = numbers[state] { return number }
            guard known.count < Self.maximumStates else {
                throw .unsupportedPart("so complex a look-ahead in a regular expression")
            }
            let number = UInt16(truncatingIfNeeded: known.count)
            numbers[state] = number
            known.append(state)
            return number
        }
        start = try number(before(symbolCount, []))
        var index = 0
        while index < known.count {
            let state = known[index]
            index += 1
            for symbol in 0..<symbolCount {
                transitions.append(try number(before(symbol, state)))
            }
            for context in contexts.indices {
                var bits: UInt8 = 0
                for (bit, entry) in program.lookaheads.enumerated()
                where state[context * places.count + rank[entry]] {
                    bits |= 1 << bit
                }
                holding.append(bits)
            }
        }
    }

    /// The look-aheads that hold at each byte at which a character begins, and at the end.
    ///
    /// - Parameter contexts: the context behind each class.
    func bits(_ text: UnsafeBufferPointer<UInt8>, _ automaton: PatternAutomaton) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: text.count + 1)
        var state = start
        var index = text.count
        while true {
            let before = index > 0 ? text.scalar(before: index) : nil
            let symbol = before.map { Int(automaton.alphabet[$0.scalar.value]) }
            let context = symbol.map { automaton.contexts[$0] } ?? 0
            result[index] =
                holding[
                    Int(state) * contextCount + (contextCount == 1 ? 0 : Int(context))]
            guard let before, let symbol else { return result }
            state = transitions[Int(state) * symbolCount + symbol]
            index = before.start
        }
    }
}
