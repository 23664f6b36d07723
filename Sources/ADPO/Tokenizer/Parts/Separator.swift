import ADPOBase

/// What a text is split by.
enum Separator: Sendable {
    case text([UInt8])
    case pattern(Pattern)

    /// - Throws: `.format` for an empty text, and what reading a regular expression throws.
    init(_ json: JSON, part: String) throws(ADPOError) {
        if let expression = json["pattern"]?["Regex"]?.string {
            self = .pattern(try Pattern(expression))
        } else {
            self = .text(try json.stringPattern(of: part))
        }
    }

    var json: JSON {
        switch self {
        case .text(let text): .object([("String", .text(text))])
        case .pattern(let pattern): .object([("Regex", .string(pattern.expression))])
        }
    }

    var coversEveryText: Bool {
        switch self {
        case .text: false
        case .pattern(let pattern): pattern.coversEveryText
        }
    }

    /// Calls `body` with each match in a well-formed text, in their order.
    func forEachMatch(in text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) {
        switch self {
        case .pattern(let pattern): pattern.forEachMatch(in: text, body)
        case .text(let separator):
            var done = 0
            while let match = text.firstMatch(of: separator, from: done) {
                done = match + separator.count
                body(match..<done)
            }
        }
    }
}
