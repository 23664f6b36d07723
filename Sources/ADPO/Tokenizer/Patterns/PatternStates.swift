import ADPOBase

/// Follows the instructions of a program that take no character.
struct PatternStates {
    let program: PatternProgram
    let alphabet: PatternAlphabet
    /// The number of the set of \w, if an assertion asks for it.
    private let word: Int?
    private let lineBreak: Int?
    private var visited: [Int]
    private var visit = 0
    private var steps = 0

    /// What has been read before a place, as far as assertions ask.
    enum Context: UInt8, CaseIterable {
        case textStart
        case lineBreak
        case word
        case other
    }

    /// Expressions that take more steps to prepare are refused; those of files take 10^5.
    private static let maximumSteps = 1 << 24

    init(_ program: PatternProgram) throws(ADPOError) {
        var program = program
        word = program.usesContext ? program.index(of: UnicodeTable.wordOutsideOfBrackets) : nil
        lineBreak = program.usesContext ? program.index(of: ScalarSet(["\n"])) : nil
        alphabet = try PatternAlphabet(program.sets)
        visited = Array(repeating: 0, count: program.instructions.count)
        self.program = program
    }

    /// The contexts that the expression tells apart.
    var contexts: [Context] { program.usesContext ? Context.allCases : [.other] }

    /// The context behind a character of a class.
    func context(behind symbol: Int) -> Context {
        guard let word, let lineBreak else { return .other }
        if alphabet.members[lineBreak][symbol] { return .lineBreak }
        return alphabet.members[word][symbol] ? .word : .other
    }

    /// Whether a set has a class; the text's end, `alphabet.count`, is in none.
    func contains(_ set: Int, _ symbol: Int) -> Bool {
        symbol < alphabet.count && alphabet.members[set][symbol]
    }

    /// Where the instructions from these on, in the order of preference, go with the next character:
    /// to other instructions; and whether they match before it. What comes after a match is left out.
    mutating func advance(
        _ places: [Int], over symbol: Int, behind context: Context, lookaheads: Int
    ) throws(ADPOError) -> (next: [Int], isMatch: Bool) {
        var next: [Int] = []
        var stack = Array(places.reversed())
        visit += 1
        while let place = stack.popLast() {
            guard visited[place] != visit else { continue }
            visited[place] = visit
            steps += 1
            switch program.instructions[place] {
            case .match: return (unique(next), true)
            case .split(let branches): stack += branches.reversed()
            case .set(let set, let following):
                if contains(set, symbol) { next.append(following) }
            case .next(let set, let orEnd, let following):
                let holds = symbol == alphabet.count ? orEnd : contains(set, symbol)
                if holds { stack.append(following) }
            case .wordBoundary(let isBoundary, let following):
                let isWord = word.map { contains($0, symbol) } ?? false
                if isBoundary == ((context == .word) != isWord) { stack.append(following) }
            case .lineStart(let following):
                let isBehindBreak = context == .lineBreak && symbol < alphabet.count
                if isBehindBreak || context == .textStart { stack.append(following) }
            case .textStart(let following):
                if context == .textStart { stack.append(following) }
            case .lookahead(let number, let isNegative, let following):
                if (lookaheads >> number & 1 == 1) != isNegative { stack.append(following) }
            }
        }
        guard steps < Self.maximumSteps else {
            throw .unsupportedPart("so complex a regular expression")
        }
        return (unique(next), false)
    }

    private mutating func unique(_ places: [Int]) -> [Int] {
        visit += 1
        return places.filter { place in
            defer { visited[place] = visit }
            return visited[place] != visit
        }
    }
}
