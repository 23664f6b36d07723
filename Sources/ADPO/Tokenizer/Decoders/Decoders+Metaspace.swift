import ADPOBase

extension Decoders {
    /// The inverse of `PreTokenizers.Metaspace`: the first token loses the marks, in all others they
    /// become spaces.
    struct Metaspace: TokenDecoderStep {
        let mark: PreTokenizers.Metaspace

        init(_ json: JSON) throws(ADPOError) { mark = try PreTokenizers.Metaspace(json) }

        var json: JSON { mark.json }

        func apply(_ token: inout [UInt8], at place: inout DecoderPlace) {
            var isFirst = false
            if case .start = place { isFirst = mark.scheme != .never }
            place = .inside
            let text = String(utf8: mark.replacement.content)
            let replacement = Replacement(text, with: isFirst ? "" : " ")
            if let replaced = token.withUnsafeBufferPointer(replacement.apply) { token = replaced }
        }
    }
}
