import ADPOBase

/// A deterministic automaton that finds the match that a backtracking matcher prefers.
///
/// A state is the ordered list of places in the program that are still possible; places behind one
/// that matches are dropped. Each transition tells from the character ahead where to go, and whether
/// there is a match before it.
struct PatternAutomaton: Sendable {
    let alphabet: PatternAlphabet
    /// Transitions by state and symbol: the next state, and `matchBit`.
    private(set) var transitions: [UInt16] = []
    /// A symbol is a class of the alphabet, or its count at the text's end, plus this for each
    /// number whose bits say which look-aheads hold.
    let symbolCount: Int
    let lookaheads: LookaheadAutomaton?
    /// The states at the start of a match, by context.
    private(set) var starts: [UInt16] = []
    /// The context behind each class.
    private(set) var contexts: [UInt8] = []
    let usesContext: Bool

    static let matchBit: UInt16 = 1 << 15
    /// The state from which nothing matches.
    static let dead: UInt16 = 0

    private static let maximumTransitions = 1 << 19

    private struct State: Hashable {
        var places: [Int]
        var context: PatternStates.Context
    }

    /// - Throws: `.unsupported` for an expression that needs too many states.
    init(_ program: PatternProgram) throws(ADPOError) {
        var states = try PatternStates(program)
        alphabet = states.alphabet
        symbolCount = alphabet.count + 1
        usesContext = program.usesContext
        lookaheads = program.lookaheads.isEmpty ? nil : try LookaheadAutomaton(&states)
        let width = symbolCount << program.lookaheads.count
        var numbers: [State: UInt16] = [State(places: [], context: .other): Self.dead]
        var known = [State(places: [], context: .other)]
        func number(_ state: State) throws(ADPOError) -> UInt16 {
            if state.places.isEmpty { return Self.dead }
            if let number = numbers[state] { return number }
            guard known.count < Int(Self.matchBit), known.count * width < Self.maximumTransitions
            else { throw .unsupportedPart("so complex a regular expression") }
            let number = UInt16(truncatingIfNeeded: known.count)
            numbers[state] = number
            known.append(state)
            return number
        }
        for context in PatternStates.Context.allCases {
            let context = usesContext ? context : .other
            starts.append(try number(State(places: [program.start], context: context)))
        }
        var index = 0
        while index < known.count {
            let state = known[index]
            index += 1
            for symbol in 0..<width {
                let ahead = symbol % symbolCount
                let step = try states.advance(
                    state.places, over: ahead, behind: state.context,
                    lookaheads: symbol / symbolCount)
                let isEnd = ahead == alphabet.count
                let next = State(
                    places: isEnd ? [] : step.next,
                    context: isEnd ? .other : states.context(behind: ahead))
                transitions.append(try number(next) | (step.isMatch ? Self.matchBit : 0))
            }
        }
        contexts = (0..<alphabet.count).map { states.context(behind: $0).rawValue }
    }

    /// Whether matches follow one another without a gap in every text.
    var coversEveryText: Bool {
        let width = symbolCount << (lookaheads?.count ?? 0)
        var isSeen: Set<UInt16> = []
        var pending: [UInt16] = []
        for start in Set(starts) {
            for symbol in 0..<width where symbol % symbolCount != alphabet.count {
                let transition = transitions[Int(start) * width + symbol]
                guard transition != Self.dead, transition & Self.matchBit == 0 else {
                    return false
                }
                if isSeen.insert(transition).inserted { pending.append(transition) }
            }
        }
        while let state = pending.popLast() {
            for symbol in 0..<width {
                let transition = transitions[Int(state) * width + symbol]
                guard transition & Self.matchBit == 0 else { continue }
                guard transition != Self.dead else { return false }
                if isSeen.insert(transition).inserted { pending.append(transition) }
            }
        }
        return true
    }
}
