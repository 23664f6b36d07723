import ADPOBase

/// Splits a text into pieces, and can change them; the model does not merge across their ends.
package protocol PreTokenizer: TokenizerPart {
    /// Calls `body` with each piece of a well-formed text that is not empty, in their order.
    func split(_ text: PreText, _ body: (PreText) -> Void)
}

/// A piece of text on its way through the pre-tokenizers.
package struct PreText {
    var bytes: UnsafeBufferPointer<UInt8>
    /// Whether it is at the beginning of the whole text.
    var isFirst: Bool

    func piece(_ range: Range<Int>) -> PreText {
        PreText(
            bytes: UnsafeBufferPointer(rebasing: bytes[range]),
            isFirst: isFirst && range.lowerBound == 0)
    }
}

/// The pre-tokenizers of tokenizer.json, a file each.
enum PreTokenizers {
    static let all = PartList<any PreTokenizer>(
        kind: "pre-tokenizer", sequence: "pretokenizers",
        parts: [
            ("ByteLevel", { (json) throws(ADPOError) in try ByteLevel(json) }),
            ("Digits", { Digits($0) }),
            ("Metaspace", { (json) throws(ADPOError) in try Metaspace(json) }),
            ("Split", { (json) throws(ADPOError) in try Split(json) }),
        ])
}

extension ArraySlice<any PreTokenizer> {
    /// Calls `body` with the words of a well-formed text, in their order.
    func forEachWord(of text: PreText, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard !text.bytes.isEmpty else { return }
        guard let first else { return body(text.bytes) }
        let others = dropFirst()
        first.split(text) { others.forEachWord(of: $0, body) }
    }
}

extension Separator {
    /// Calls `body` with the matches and with what is between them.
    func isolate(_ text: PreText, _ body: (PreText) -> Void) {
        var done = 0
        forEachMatch(in: text.bytes) { match in
            if match.lowerBound > done { body(text.piece(done..<match.lowerBound)) }
            if !match.isEmpty { body(text.piece(match)) }
            done = match.upperBound
        }
        if done < text.bytes.count { body(text.piece(done..<text.bytes.count)) }
    }
}
