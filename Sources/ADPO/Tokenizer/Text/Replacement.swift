import ADPOBase

/// Puts one text in the place of another, wherever it occurs.
struct Replacement: Sendable {
    let pattern: [UInt8]
    let content: [UInt8]

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
        guard self.content.count <= Normalizers.longestContent else {
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

extension UnsafeBufferPointer<UInt8> {
    /// Where a text, which is not empty, occurs next.
    func firstMatch(of pattern: [UInt8], from start: Int) -> Int? {
        guard let first = pattern.first else { return nil }
        var index = start
        while index + pattern.count <= count {
            if self[index] == first, self[index..<index + pattern.count].elementsEqual(pattern) {
                return index
            }
            index += 1
        }
        return nil
    }

    /// Where a run of a text, which is not empty, ends.
    func endOfRun(of pattern: [UInt8], from start: Int) -> Int {
        var end = start
        while end + pattern.count <= count, self[end] == pattern[0],
            self[end..<end + pattern.count].elementsEqual(pattern)
        {
            end += pattern.count
        }
        return end
    }
}
