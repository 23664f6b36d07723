import ADPOBase

extension Decoders {
    /// Puts one text in the place of another: a space in that of SentencePiece's U+2581.
    struct Replace: TokenDecoderStep {
        let replacement: Replacement

        init(_ pattern: String, with content: String) {
            replacement = Replacement(pattern, with: content)
        }

        init(_ json: JSON) throws(ADPOError) { replacement = try Replacement(json) }

        var json: JSON { replacement.json }

        func apply(_ token: inout [UInt8], at place: inout DecoderPlace) {
            if let replaced = token.withUnsafeBufferPointer(replacement.apply) { token = replaced }
        }
    }
}
