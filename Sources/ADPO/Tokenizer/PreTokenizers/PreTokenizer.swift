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
            ("ByteLevel", { ByteLevel($0) }),
            ("Digits", { Digits($0) }),
            ("Metaspace", { (json) throws(ADPOError) in try Metaspace(json) }),
            ("Split", { (json) throws(ADPOError) in try split(json) }),
        ])

    /// A split by a regular expression or by a text.
    private static func split(_ json: JSON) throws(ADPOError) -> any PreTokenizer {
        json["pattern"]?["String"] == nil ? try PatternSplit(json) : try TextSplit(json)
    }
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
