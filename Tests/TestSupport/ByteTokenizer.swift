import ADPO

extension PairTokenizer {
    /// Each byte of a text is a token.
    package static func bytes(bos: Int32? = nil, eos: Int32? = nil) -> PairTokenizer {
        PairTokenizer(
            bos: bos, eos: eos,
            encode: { text, addSpecialTokens in
                (addSpecialTokens ? [bos].compactMap(\.self) : []) + text.utf8.map { Int32($0) }
            },
            decode: { [UInt8(truncatingIfNeeded: $0)] })
    }
}
