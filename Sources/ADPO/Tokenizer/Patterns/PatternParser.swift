import ADPOBase

/// Parses the part of Oniguruma's regular expressions, in Ruby's syntax, that the files of
/// tokenizers use; `tokenizers` has its patterns from there.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private let expression: String
    private var index = 0
    private var ignoresCase = false
    private var depth = 0

    /// Deeper groups are refused; files have up to 3.
    private static let maximumDepth = 32
    /// Higher counts are refused; files have up to 512.
    private static let maximumCount = 1024
    private static let longestExpression = 1 << 16

    /// - Throws: `.unsupported` for what is not known, `.format` for what is malformed.
    static func parse(_ expression: String) throws(ADPOError) -> PatternNode {
        guard expression.utf8.count <= longestExpression else {
            throw .unsupportedPart("so long a regular expression")
        }
        var parser = PatternParser(expression)
        let node = try parser.alternatives()
        guard parser.index == parser.scalars.count else {
            throw parser.malformed("has a ')' too many")
        }
        return node
    }

    private init(_ expression: String) {
        self.expression = expression
        scalars = Array(expression.unicodeScalars)
    }

    private var peek: Unicode.Scalar? { index < scalars.count ? scalars[index] : nil }

    /// Goes behind a text if it is next.
    private mutating func skip(_ text: String) -> Bool {
        guard scalars[index...].starts(with: text.unicodeScalars) else { return false }
        index += text.unicodeScalars.count
        return true
    }

    private mutating func next() throws(ADPOError) -> Unicode.Scalar {
        guard index < scalars.count else { throw malformed("ends too early") }
        defer { index += 1 }
        return scalars[index]
    }

    private func malformed(_ reason: String) -> ADPOError {
        ADPOError(.format, "the regular expression \(expression) \(reason)")
    }

    /// The error for what begins at an index and is not supported.
    private func unsupported(from start: Int) -> ADPOError {
        var what = ""
        what.unicodeScalars.append(contentsOf: scalars[min(start, index)..<index])
        return .unsupportedPart("'\(what)' in the regular expression \(expression)")
    }

    // MARK: Trees

    private mutating func alternatives() throws(ADPOError) -> PatternNode {
        depth += 1
        guard depth <= Self.maximumDepth else {
            throw .unsupportedPart("a regular expression of so many groups in one another")
        }
        var branches = [try sequence()]
        while skip("|") { branches.append(try sequence()) }
        depth -= 1
        return branches.count == 1 ? branches[0] : .alternatives(branches)
    }

    private mutating func sequence() throws(ADPOError) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = peek, scalar != "|", scalar != ")" {
            parts.append(try repeated(try atom()))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom() throws(ADPOError) -> PatternNode {
        let start = index
        let scalar = try next()
        switch scalar {
        case "(": return try group(from: start)
        case "[": return .set(try bracket())
        case ".": return .set(ScalarSet(["\n"]).inverted)
        case "^": return .assertion(.lineStart)
        case "$": return .assertion(.next(ScalarSet(["\n"]), orEnd: true))
        case "*", "+", "?": throw malformed("repeats nothing")
        case "\\":
            switch try next() {
            case "A": return .assertion(.textStart)
            case "z": return .assertion(.next(ScalarSet(), orEnd: true))
            case "b": return .assertion(.wordBoundary(true))
            case "B": return .assertion(.wordBoundary(false))
            default:
                index = start
                return .set(try caseFolded(escaped(), from: start))
            }
        default: return .set(try caseFolded(ScalarSet([scalar]), from: start))
        }
    }

    private mutating func group(from start: Int) throws(ADPOError) -> PatternNode {
        let outer = ignoresCase
        defer { ignoresCase = outer }
        var lookahead: Bool?
        if skip("?") {
            switch try next() {
            case ":": break
            case "=": lookahead = false
            case "!": lookahead = true
            case "i":
                guard skip(":") else { throw unsupported(from: start) }
                ignoresCase = true
            default: throw unsupported(from: start)
            }
        }
        let body = try alternatives()
        guard skip(")") else { throw malformed("lacks a ')'") }
        guard let isNegative = lookahead else { return body }
        if case .set(let set) = body {
            return .assertion(.next(isNegative ? set.inverted : set, orEnd: isNegative))
        }
        return .lookahead(body, isNegative: isNegative)
    }

    // MARK: Repetitions

    private mutating func repeated(_ atom: PatternNode) throws(ADPOError) -> PatternNode {
        var node = atom
        var depth = depth
        while let scalar = peek {
            let start = index
            var (minimum, maximum): (Int, Int?) = (0, nil)
            var isInterval = false
            switch scalar {
            case "*": index += 1
            case "+":
                index += 1
                minimum = 1
            case "?":
                index += 1
                maximum = 1
            case "{":
                (minimum, maximum) = try interval()
                isInterval = true
            default: return node
            }
            depth += 1
            guard depth <= Self.maximumDepth else { throw unsupported(from: start) }
            let isLazy = skip("?")
            // In Ruby's syntax {n,m}+ is {n,m} repeated, and {n}? is what may be there {n} times.
            if isLazy, isInterval, minimum == maximum { throw unsupported(from: start) }
            if !isLazy, !isInterval, skip("+") {
                node = try possessive(node, minimum, maximum, from: start)
            } else {
                node = .repetition(node, minimum: minimum, maximum: maximum, isLazy: isLazy)
            }
        }
        return node
    }

    private mutating func interval() throws(ADPOError) -> (minimum: Int, maximum: Int?) {
        let start = index
        index += 1
        let low = number()
        var high = low
        if skip(",") { high = number() } else if low == nil { throw unsupported(from: start) }
        let isOpen = scalars[index - 1] == ","
        guard skip("}"), low != nil || high != nil else { throw unsupported(from: start) }
        let (minimum, maximum) = (low ?? 0, isOpen ? nil : high)
        guard minimum <= maximum ?? minimum, max(minimum, maximum ?? 0) <= Self.maximumCount
        else { throw unsupported(from: start) }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = peek, ("0"..."9").contains(scalar) {
            value = min((value ?? 0) * 10 + Int(scalar.value - 0x30), Self.maximumCount + 1)
            index += 1
        }
        return value
    }

    /// A repetition that gives nothing back: what follows is none of its characters.
    private func possessive(
        _ node: PatternNode, _ minimum: Int, _ maximum: Int?, from start: Int
    ) throws(ADPOError) -> PatternNode {
        guard case .set(let set) = node else { throw unsupported(from: start) }
        let end = PatternNode.assertion(.next(set.inverted, orEnd: true))
        if maximum == 1 { return .alternatives([node, end]) }
        return .sequence([
            .repetition(node, minimum: minimum, maximum: nil, isLazy: false), end,
        ])
    }

    // MARK: Sets

    /// What is in brackets, behind the first of them.
    private mutating func bracket() throws(ADPOError) -> ScalarSet {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw malformed("has too many brackets") }
        let isInverted = skip("^")
        var whole: ScalarSet?
        var set = ScalarSet()
        var isFirst = true
        while isFirst || peek != "]" {
            isFirst = false
            let start = index
            if skip("&&") {
                whole = whole?.intersection(set) ?? set
                set = ScalarSet()
            } else if skip("[:") {
                throw unsupported(from: start)
            } else if skip("[") {
                set = set.union(try bracket())
            } else {
                set = set.union(try caseFolded(member(), from: start))
            }
        }
        index += 1
        if let whole { set = whole.intersection(set) }
        return isInverted ? set.inverted : set
    }

    /// A character of a set, a range, or a class such as \s.
    private mutating func member() throws(ADPOError) -> ScalarSet {
        let start = index
        let first = try escaped(inBrackets: true)
        guard let low = first.onlyScalar, index + 1 < scalars.count, peek == "-",
            scalars[index + 1] != "]"
        else { return first }
        index += 1
        guard peek != "[", let high = try escaped(inBrackets: true).onlyScalar else {
            throw unsupported(from: start)
        }
        guard low <= high else { throw malformed("has a range that descends") }
        return ScalarSet([low..<high + 1])
    }

    /// A character, or what a backslash begins. Outside of brackets, Oniguruma's \w also stands for
    /// some numbers of Latin-1.
    private mutating func escaped(inBrackets: Bool = false) throws(ADPOError) -> ScalarSet {
        let start = index
        let scalar = try next()
        guard scalar == "\\" else { return ScalarSet([scalar]) }
        let kind = try next()
        switch kind {
        case "n": return ScalarSet(["\n"])
        case "r": return ScalarSet(["\r"])
        case "t": return ScalarSet(["\t"])
        case "f": return ScalarSet(["\u{C}"])
        case "v": return ScalarSet(["\u{B}"])
        case "s": return UnicodeTable.whiteSpace
        case "S": return UnicodeTable.whiteSpace.inverted
        case "d": return UnicodeTable.category("Nd")
        case "D": return UnicodeTable.category("Nd").inverted
        case "w", "W":
            let word = inBrackets ? UnicodeTable.word : UnicodeTable.wordOutsideOfBrackets
            return kind == "w" ? word : word.inverted
        case "p", "P": return try property(isInverted: kind == "P", from: start)
        case "x", "u": return try codePoint(hasBraces: kind == "x" && skip("{"), from: start)
        case _ where kind.properties.isAlphabetic || ("0"..."9").contains(kind):
            throw unsupported(from: start)
        default: return ScalarSet([kind])
        }
    }

    private mutating func property(isInverted: Bool, from start: Int) throws(ADPOError) -> ScalarSet
    {
        guard skip("{") else { throw unsupported(from: start) }
        let isNegated = skip("^")
        var name = ""
        while let scalar = peek, scalar != "}" {
            name.unicodeScalars.append(scalar)
            index += 1
        }
        guard skip("}"), let set = UnicodeTable.property(name) else {
            throw unsupported(from: start)
        }
        return isInverted != isNegated ? set.inverted : set
    }

    /// \x41, \x{1F600} and \u0041.
    private mutating func codePoint(hasBraces: Bool, from start: Int) throws(ADPOError) -> ScalarSet
    {
        let longest = hasBraces ? 8 : scalars[start + 1] == "x" ? 2 : 4
        var digits = ""
        while let scalar = peek, digits.utf8.count < longest,
            scalar.properties.isASCIIHexDigit
        {
            digits.unicodeScalars.append(scalar)
            index += 1
        }
        guard !hasBraces || skip("}"), let value = UInt32(digits, radix: 16),
            hasBraces || digits.utf8.count == longest, longest != 2 || value < 0x80,
            let scalar = Unicode.Scalar(value)
        else { throw unsupported(from: start) }
        return ScalarSet([scalar])
    }

    /// The set with letters of the other case, where the expression asks for it. Beside ASCII's there
    /// are the long s and the sign of kelvin.
    private func caseFolded(_ set: ScalarSet, from start: Int) throws(ADPOError) -> ScalarSet {
        guard ignoresCase else { return set }
        guard set.ranges.allSatisfy({ $0.upperBound <= 0x80 }) else {
            throw unsupported(from: start)
        }
        var others: [Unicode.Scalar] = []
        for upper in UInt8(ascii: "A")...UInt8(ascii: "Z") {
            let lower = upper | 0x20
            guard set.contains(UInt32(upper)) || set.contains(UInt32(lower)) else { continue }
            others += [Unicode.Scalar(upper), Unicode.Scalar(lower)]
            if lower == UInt8(ascii: "s") { others.append("\u{17F}") }
            if lower == UInt8(ascii: "k") { others.append("\u{212A}") }
        }
        return set.union(ScalarSet(others))
    }
}

extension ScalarSet {
    /// The one that the set holds.
    fileprivate var onlyScalar: UInt32? {
        guard ranges.count == 1, let range = ranges.first, range.count == 1 else { return nil }
        return range.lowerBound
    }
}
