import ADPOBase

/// Puts a text in the place of another, or of what a regular expression matches, wherever it occurs.
struct Replacement: Sendable {
    let separator: Separator
    let content: [UInt8]

    /// A file may not put longer texts in the place of others: they would fill the memory.
    static let longestContent = 64

    init(_ pattern: String, with content: String) {
        separator = .text(Array(pattern.utf8))
        self.content = Array(content.utf8)
    }

    /// - Throws: `.format`, and what reading a regular expression throws.
    init(_ json: JSON) throws(ADPOError) {
        separator = try Separator(json, part: "Replace")
        guard let content = json["content"]?.string else {
            throw ADPOError(.format, "Replace does not say with what")
        }
        self.content = Array(content.utf8)
        guard self.content.count <= Self.longestContent else {
            throw .unsupportedPart("Replace with so long a text")
        }
    }

    var json: JSON {
        .part("Replace", [("pattern", separator.json), ("content", .text(content))])
    }

    /// The most by which a text's length can multiply.
    var growth: Int {
        switch separator {
        case .text(let text):
            max(1, (content.count + text.count - 1) / max(1, text.count))
        case .pattern: content.count + 1
        }
    }

    /// nil when nothing is replaced.
    func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var result: [UInt8]?
        var done = 0
        separator.forEachMatch(in: text) { match in
            if result == nil {
                result = []
                result?.reserveCapacity(text.count + text.count / 2)
            }
            result?.append(contentsOf: text[done..<match.lowerBound])
            result?.append(contentsOf: content)
            done = match.upperBound
        }
        result?.append(contentsOf: text[done...])
        return result
    }
}
