import ADPOBase

/// Cuts a template into tokens, with `trim_blocks` and `lstrip_blocks` on, as transformers has it:
/// the line break after a block goes, and so does whitespace between a line's start and a block.
struct TemplateLexer {
    /// Without "\r", and without one line break at the end.
    private let source: [Unicode.Scalar]
    private var position = 0
    private var line = 1
    private var tokens: [TemplateToken] = []
    /// Whether what was read last ends with a line break.
    private var isAtLineStart = true

    /// Longer names are refused, since looking one up takes by its length.
    private static let maximumNameLength = 256

    /// - Throws: `.format`, naming the line.
    static func tokens(of source: String) throws(ADPOError) -> [TemplateToken] {
        var lexer = TemplateLexer(source)
        try lexer.readText()
        lexer.append(.end)
        return lexer.tokens
    }

    private init(_ source: String) {
        var scalars = normalizingLineBreaks(source.unicodeScalars)
        if scalars.last == "\n" { scalars.removeLast() }
        self.source = scalars
    }

    // MARK: Moving on

    private func scalar(_ offset: Int = 0) -> Unicode.Scalar? {
        position + offset < source.count ? source[position + offset] : nil
    }

    private func startsWith(_ text: String, at index: Int) -> Bool {
        var index = index
        for scalar in text.unicodeScalars {
            guard index < source.count, source[index] == scalar else { return false }
            index += 1
        }
        return true
    }

    private mutating func advance(to end: Int) {
        for scalar in source[position..<end] where scalar == "\n" { line += 1 }
        if end > position { isAtLineStart = source[end - 1] == "\n" }
        position = end
    }

    private mutating func skipSpace() {
        var end = position
        while end < source.count, source[end].isTemplateSpace { end += 1 }
        advance(to: end)
    }

    private mutating func append(_ kind: TemplateToken.Kind, _ text: String = "") {
        tokens.append(TemplateToken(kind: kind, text: text, line: line))
    }

    // MARK: Outside of tags

    private mutating func readText() throws(ADPOError) {
        while position < source.count {
            let start = position
            var tag = start
            while tag < source.count, tagBegin(at: tag) == nil { tag += 1 }
            guard let kind = tag < source.count ? source[tag + 1] : nil else {
                return appendText(source[start...], upTo: source.count)
            }
            let sign = tag + 2 < source.count ? source[tag + 2] : " "
            let hasSign = sign == "-" || sign == "+"
            appendText(
                trimmed(source[start..<tag], before: sign, isBlock: kind != "{"), upTo: tag)
            advance(to: tag + (hasSign ? 3 : 2))
            switch kind {
            case "#": try skipComment()
            case "{":
                append(.variableBegin)
                try readTag(end: "}}", .variableEnd)
            default:
                if try readRaw() { continue }
                append(.blockBegin)
                try readTag(end: "%}", .blockEnd)
            }
        }
    }

    private func tagBegin(at index: Int) -> Unicode.Scalar? {
        guard source[index] == "{", index + 1 < source.count else { return nil }
        let next = source[index + 1]
        return next == "%" || next == "{" || next == "#" ? next : nil
    }

    /// Text before a tag: after "-" without whitespace at its end; before a block without that
    /// between the last line's start and the block, unless "+" keeps it.
    private func trimmed(
        _ text: ArraySlice<Unicode.Scalar>, before sign: Unicode.Scalar, isBlock: Bool
    ) -> ArraySlice<Unicode.Scalar> {
        let lineStart = text.lastIndex(of: "\n").map { $0 + 1 }
        let content = text.lastIndex { !$0.isTemplateSpace }.map { $0 + 1 } ?? text.startIndex
        if sign == "-" { return text[..<content] }
        guard isBlock, sign != "+", lineStart != nil || isAtLineStart else { return text }
        let start = lineStart ?? text.startIndex
        return content <= start ? text[..<start] : text
    }

    private mutating func appendText(_ text: ArraySlice<Unicode.Scalar>, upTo end: Int) {
        if !text.isEmpty { append(.text, String(text)) }
        advance(to: end)
    }

    /// Behind a tag's end: the line break goes, after "-" all whitespace, after "+" nothing.
    private mutating func trim(_ sign: Unicode.Scalar?) {
        if sign == "-" { return skipSpace() }
        if sign != "+", scalar() == "\n" { advance(to: position + 1) }
    }

    private mutating func skipComment() throws(ADPOError) {
        var end = position
        while !startsWith("#}", at: end) {
            guard end < source.count else {
                throw templateSyntaxError(line, "a comment does not end; '#}' is missing")
            }
            end += 1
        }
        let sign = end > position ? source[end - 1] : nil
        advance(to: end + 2)
        trim(sign)
    }

    /// `{% raw %}...{% endraw %}`, from behind the "{%"; false for other blocks.
    private mutating func readRaw() throws(ADPOError) -> Bool {
        guard let begin = blockEnd(named: "raw", from: position, allowsPlus: false) else {
            return false
        }
        advance(to: begin.end)
        if begin.sign == "-" { skipSpace() }
        var tag = position
        while tag < source.count {
            if startsWith("{%", at: tag) {
                let sign = tag + 2 < source.count ? source[tag + 2] : " "
                let hasSign = sign == "-" || sign == "+"
                if let end = blockEnd(
                    named: "endraw", from: tag + (hasSign ? 3 : 2), allowsPlus: true)
                {
                    appendText(
                        trimmed(source[position..<tag], before: sign, isBlock: true),
                        upTo: end.end)
                    trim(end.sign)
                    return true
                }
            }
            tag += 1
        }
        throw templateSyntaxError(line, "'{% raw %}' does not end; '{% endraw %}' is missing")
    }

    /// Where a block ends that consists of a name alone.
    private func blockEnd(
        named name: String, from start: Int, allowsPlus: Bool
    ) -> (end: Int, sign: Unicode.Scalar?)? {
        func skippingSpace(_ index: Int) -> Int {
            var index = index
            while index < source.count, source[index].isTemplateSpace { index += 1 }
            return index
        }
        var index = skippingSpace(start)
        guard startsWith(name, at: index) else { return nil }
        index = skippingSpace(index + name.unicodeScalars.count)
        var sign: Unicode.Scalar?
        if index < source.count, source[index] == "-" || allowsPlus && source[index] == "+" {
            sign = source[index]
            index += 1
        }
        return startsWith("%}", at: index) ? (index + 2, sign) : nil
    }

    // MARK: In tags

    private mutating func readTag(end: String, _ endKind: TemplateToken.Kind) throws(ADPOError) {
        var brackets: [Unicode.Scalar] = []
        let isBlock = endKind == .blockEnd
        while true {
            skipSpace()
            guard let first = scalar() else {
                throw templateSyntaxError(line, "a tag does not end; '\(end)' is missing")
            }
            if brackets.isEmpty {
                let hasSign = first == "-" || isBlock && first == "+"
                if startsWith(end, at: position + (hasSign ? 1 : 0)) {
                    append(endKind)
                    advance(to: position + (hasSign ? 3 : 2))
                    if isBlock { trim(hasSign ? first : nil) } else if hasSign { skipSpace() }
                    return
                }
            }
            switch first {
            case "0"..."9": try readNumber()
            case "'", "\"": try readString(first)
            case "_",
                _ where first.properties.isXIDStart:
                try readName()
            default: try readOperator(&brackets)
            }
        }
    }

    private mutating func readName() throws(ADPOError) {
        var end = position
        while end < source.count, source[end].properties.isXIDContinue { end += 1 }
        guard end - position <= Self.maximumNameLength else {
            throw templateSyntaxError(line, "a name is too long")
        }
        append(.name, String(source[position..<end]))
        advance(to: end)
    }

    private mutating func readOperator(_ brackets: inout [Unicode.Scalar]) throws(ADPOError) {
        if let pair = ["//", "**", "==", "!=", ">=", "<="].first(where: {
            startsWith($0, at: position)
        }) {
            append(.operation, pair)
            return advance(to: position + 2)
        }
        let scalar = source[position]
        switch scalar {
        case "(": brackets.append(")")
        case "[": brackets.append("]")
        case "{": brackets.append("}")
        case ")", "]", "}":
            guard brackets.popLast() == scalar else {
                throw templateSyntaxError(line, "unexpected '\(scalar)'")
            }
        case "+", "-", "/", "*", "%", "~", ">", "<", "=", ".", ":", "|", ",": break
        default: throw templateSyntaxError(line, "unexpected character '\(scalar)'")
        }
        append(.operation, String(scalar))
        advance(to: position + 1)
    }

    private mutating func readNumber() throws(ADPOError) {
        let start = position
        var end = position
        var text = ""
        func isDigit(_ index: Int) -> Bool {
            index < source.count && ("0"..."9").contains(source[index])
        }
        func readDigits() {
            while isDigit(end) || end < source.count && source[end] == "_" && isDigit(end + 1) {
                if source[end] != "_" { text.unicodeScalars.append(source[end]) }
                end += 1
            }
        }
        readDigits()
        var isInteger = true
        let isAfterDot = start > 0 && source[start - 1] == "."
        if !isAfterDot, end < source.count {
            if source[end] == ".", isDigit(end + 1) {
                isInteger = false
                text += "."
                end += 1
                readDigits()
            }
            if end < source.count, source[end] == "e" || source[end] == "E" {
                let hasSign =
                    end + 1 < source.count && (source[end + 1] == "+" || source[end + 1] == "-")
                if isDigit(end + (hasSign ? 2 : 1)) {
                    isInteger = false
                    text += hasSign && source[end + 1] == "-" ? "e-" : "e"
                    end += hasSign ? 2 : 1
                    readDigits()
                }
            }
        }
        if isInteger {
            guard let value = Int(text), text.utf8.first != UInt8(ascii: "0") || value == 0 else {
                throw templateSyntaxError(line, "the number \(text) is not supported")
            }
            append(.integer(value))
        } else {
            append(.double(Double(text) ?? .infinity))
        }
        advance(to: end)
    }

    private mutating func readString(_ quote: Unicode.Scalar) throws(ADPOError) {
        var end = position + 1
        while end < source.count, source[end] != quote { end += source[end] == "\\" ? 2 : 1 }
        guard end < source.count else {
            throw templateSyntaxError(line, "a string does not end")
        }
        append(.string, try unescaped(source[position + 1..<end]))
        advance(to: end + 1)
    }

    /// Python's escape sequences.
    private func unescaped(_ text: ArraySlice<Unicode.Scalar>) throws(ADPOError) -> String {
        var result = String.UnicodeScalarView()
        var rest = text
        func take(_ count: Int, radix: Int) throws(ADPOError) -> Unicode.Scalar {
            let digits = String(rest.prefix(count))
            guard digits.unicodeScalars.count == count, digits.utf8.first != UInt8(ascii: "+"),
                digits.utf8.first != UInt8(ascii: "-"), let value = UInt32(digits, radix: radix),
                value <= 0x10FFFF
            else { throw templateSyntaxError(line, "a malformed escape in a string") }
            rest = rest.dropFirst(count)
            return Unicode.Scalar(value) ?? "\u{FFFD}"
        }
        while let scalar = rest.popFirst() {
            guard scalar == "\\", let escape = rest.popFirst() else {
                result.append(scalar)
                continue
            }
            switch escape {
            case "\n": break
            case "\\", "'", "\"": result.append(escape)
            case "a": result.append("\u{07}")
            case "b": result.append("\u{08}")
            case "f": result.append("\u{0C}")
            case "n": result.append("\n")
            case "r": result.append("\r")
            case "t": result.append("\t")
            case "v": result.append("\u{0B}")
            case "x": result.append(try take(2, radix: 16))
            case "u": result.append(try take(4, radix: 16))
            case "U": result.append(try take(8, radix: 16))
            case "0"..."7":
                let more = rest.prefix(2).prefix { ("0"..."7").contains($0) }.count
                rest = text[(rest.startIndex - 1)...]
                result.append(try take(more + 1, radix: 8))
            case "N": throw templateSyntaxError(line, "'\\N{...}' in a string is not supported")
            default:
                result.append("\\")
                result.append(escape)
            }
        }
        return String(result)
    }
}

/// "\r\n" and "\r" become "\n".
private func normalizingLineBreaks(_ text: String.UnicodeScalarView) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var isAfterReturn = false
    for scalar in text {
        if scalar != "\n" || !isAfterReturn { result.append(scalar == "\r" ? "\n" : scalar) }
        isAfterReturn = scalar == "\r"
    }
    return result
}
