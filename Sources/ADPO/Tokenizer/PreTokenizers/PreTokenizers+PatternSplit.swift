import ADPOBase

extension PreTokenizers {
    /// `Split` by a regular expression that is known: into its matches, which cover every text.
    struct PatternSplit: PreTokenizer {
        let pattern: WordPattern

        init(_ pattern: WordPattern) { self.pattern = pattern }

        /// Isolating the matches and removing what is between them come to the same.
        init(_ json: JSON) throws(ADPOError) {
            let expression = json["pattern"]?["Regex"]?.string ?? ""
            guard let pattern = WordPattern(regularExpression: expression) else {
                throw .unsupportedPart("the pre-tokenizer Split with the pattern \(expression)")
            }
            let behavior = json["behavior"]?.string ?? ""
            guard behavior == "Isolated" || behavior == "Removed" && json["invert"]?.bool == true
            else { throw .unsupportedPart("the pre-tokenizer Split with '\(behavior)'") }
            self.pattern = pattern
        }

        var json: JSON {
            .part(
                "Split",
                [
                    ("pattern", .object([("Regex", .string(pattern.regularExpression))])),
                    ("behavior", .string("Isolated")), ("invert", .bool(false)),
                ])
        }

        func split(_ text: PreText, _ body: (PreText) -> Void) { text.splitWords(pattern, body) }
    }
}

extension PreText {
    /// Calls `body` with the words that a pattern finds.
    func splitWords(_ pattern: WordPattern, _ body: (PreText) -> Void) {
        var start = 0
        while start < bytes.count {
            let end = pattern.wordEnd(bytes, from: start)
            body(piece(start..<end))
            start = end
        }
    }
}
