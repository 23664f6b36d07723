import ADPOBase

/// A regular expression as the states of a nondeterministic automaton (Thompson 1968), whose choices
/// are ordered by preference.
struct PatternProgram {
    enum Instruction {
        /// Takes a character of a set.
        case set(Int, next: Int)
        case split([Int])
        /// Holds where the next character is of a set, or the text ends.
        case next(set: Int, orEnd: Bool, next: Int)
        case wordBoundary(Bool, next: Int)
        case lineStart(next: Int)
        case textStart(next: Int)
        case lookahead(Int, isNegative: Bool, next: Int)
        case match
    }

    private(set) var instructions: [Instruction] = []
    private(set) var sets: [ScalarSet] = []
    private var setIndices: [ScalarSet: Int] = [:]
    private(set) var start = 0
    /// Where the trees of look-aheads begin.
    private(set) var lookaheads: [Int] = []
    /// Whether an assertion asks for the character before.
    private(set) var usesContext = false
    private var isInLookahead = false

    private static let maximumCount = 8192
    /// Repetitions of nothing add no instructions, but take time.
    private static let maximumSteps = 1 << 18
    private var steps = 0
    /// More are refused, since symbols double with each; files have 1.
    private static let maximumLookaheads = 2

    /// - Throws: `.unsupported` for too large an expression, and for look-aheads in one another.
    init(_ tree: PatternNode) throws(ADPOError) {
        let match = try add(.match)
        start = try compile(tree, next: match)
    }

    /// The number of a set.
    mutating func index(of set: ScalarSet) -> Int {
        if let index = setIndices[set] { return index }
        sets.append(set)
        setIndices[set] = sets.count - 1
        return sets.count - 1
    }

    private mutating func add(_ instruction: Instruction) throws(ADPOError) -> Int {
        guard instructions.count < Self.maximumCount else {
            throw .unsupportedPart("so large a regular expression")
        }
        instructions.append(instruction)
        return instructions.count - 1
    }

    /// Adds the instructions of a tree, after which `next` comes, and gives the first.
    private mutating func compile(_ node: PatternNode, next: Int) throws(ADPOError) -> Int {
        steps += 1
        guard steps < Self.maximumSteps else {
            throw .unsupportedPart("so large a regular expression")
        }
        switch node {
        case .set(let set): return try add(.set(index(of: set), next: next))
        case .sequence(let parts):
            var next = next
            for part in parts.reversed() { next = try compile(part, next: next) }
            return next
        case .alternatives(let branches):
            var entries: [Int] = []
            for branch in branches { entries.append(try compile(branch, next: next)) }
            return try add(.split(entries))
        case .repetition(let body, let minimum, let maximum, let isLazy):
            return try repetition(body, minimum, maximum, isLazy: isLazy, next: next)
        case .assertion(let assertion): return try compile(assertion, next: next)
        case .lookahead(let body, let isNegative):
            guard !isInLookahead, lookaheads.count < Self.maximumLookaheads else {
                throw .unsupportedPart("so many look-aheads in a regular expression")
            }
            isInLookahead = true
            lookaheads.append(try compile(body, next: add(.match)))
            isInLookahead = false
            return try add(
                .lookahead(lookaheads.count - 1, isNegative: isNegative, next: next))
        }
    }

    private mutating func repetition(
        _ body: PatternNode, _ minimum: Int, _ maximum: Int?, isLazy: Bool, next: Int
    ) throws(ADPOError) -> Int {
        func choice(_ again: Int, _ end: Int) -> Instruction {
            .split(isLazy ? [end, again] : [again, end])
        }
        var entry = next
        if let maximum {
            for _ in minimum..<maximum {
                entry = try add(choice(compile(body, next: entry), next))
            }
        } else {
            entry = try add(.split([]))
            instructions[entry] = choice(try compile(body, next: entry), next)
        }
        for _ in 0..<minimum { entry = try compile(body, next: entry) }
        return entry
    }

    private mutating func compile(
        _ assertion: PatternNode.Assertion, next: Int
    ) throws(ADPOError) -> Int {
        switch assertion {
        case .next(let set, let orEnd):
            return try add(.next(set: index(of: set), orEnd: orEnd, next: next))
        case .wordBoundary(let isBoundary):
            usesContext = true
            return try add(.wordBoundary(isBoundary, next: next))
        case .lineStart:
            usesContext = true
            return try add(.lineStart(next: next))
        case .textStart:
            usesContext = true
            return try add(.textStart(next: next))
        }
    }
}
