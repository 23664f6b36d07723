import ADPOBase

extension Decoders {
    /// The inverse of `PreTokenizers.Metaspace`: the first token loses the marks, in all others they
    /// become spaces.
    struct Metaspace: TokenDecoderStep {
        let json: JSON
        private let first: Replacement
        private let others: Replacement

        init(_ json: JSON) throws(ADPOError) {
            let inverse = try PreTokenizers.Metaspace(json)
            let mark = String(decoding: inverse.replacement.content, as: UTF8.self)
            self.json = inverse.json
            others = Replacement(mark, with: " ")
            first = inverse.scheme == .never ? others : Replacement(mark, with: "")
        }

        func apply(_ token: inout [UInt8], at place: inout DecoderPlace) {
            var replacement = others
            if case .start = place { replacement = first }
            place = .inside
            if let replaced = token.withUnsafeBufferPointer(replacement.apply) { token = replaced }
        }
    }
}
