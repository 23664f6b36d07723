import ADPOBase

extension Normalizers {
    /// Puts one text in the place of another: SentencePiece writes a space as U+2581.
    struct Replace: Normalizer {
        let replacement: Replacement

        init(_ pattern: String, with content: String) {
            replacement = Replacement(pattern, with: content)
        }

        init(_ json: JSON) throws(ADPOError) { replacement = try Replacement(json) }

        var json: JSON { replacement.json }
        var growth: Int { replacement.growth }

        func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? { replacement.apply(text) }
    }
}
