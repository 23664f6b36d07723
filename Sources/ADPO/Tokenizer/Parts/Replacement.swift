import ADPOBase

/// Puts one text in the place of another, wherever it occurs.
struct Replacement: Sendable {
    let pattern: [UInt8]
    let content: [UInt8]

    /// A file may not put longer texts in the place of others: they would fill the memory.
    static let longestContent = 64

    init(_ pattern: String, with content: String) {
        self.pattern = Array(pattern.utf8)
        self.content = Array(content.utf8)
    }

    /// - Throws: `.unsupported` for regular expressions, `.format`.
    init(_ json: JSON) throws(ADPOError) {
        pattern = try json.stringPattern(of: "Replace")
        guard let content = json["content"]?.string else {
            throw ADPOError(.format, "Replace does not say with what")
        }
        self.content = Array(content.utf8)
        guard self.content.count <= Self.longestContent else {
            throw .unsupportedPart("Replace with so long a text")
        }
    }

    var json: JSON {
        .part(
            "Replace",
            [
                (
                    "pattern",
                    .object([("String", .text(pattern))])
                ),
                ("content", .text(content)),
            ])
    }

    /// The most by which a text's length can multiply.
    var growth: Int { max(1, (content.count + pattern.count - 1) / max(1, pattern.count)) }

    /// nil when the pattern does not occur.
    func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard var match = text.firstMatch(of: pattern, from: 0) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 2)
        var done = 0
        while true {
            result += text[done..<match]
            result += content
            done = match + pattern.count
            guard let next = text.firstMatch(of: pattern, from: done) else { break }
            match = next
        }
        return result + text[done...]
    }
}
