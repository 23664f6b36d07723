import ADPOBase

extension Tokenizer {
    /// Where each token of a text lies in it, as offsets in UTF-8.
    ///
    /// The text of a token need not stand in the text as it is: SentencePiece puts a space before
    /// words, and added tokens can take white space beside them along.
    ///
    /// - Throws: `.unsupported` where the tokenizer changes the text otherwise, by normalizing it.
    package func offsets(of ids: [Int32], in text: String) throws(ADPOError) -> [Range<Int>] {
        let bytes = Array(text.utf8)
        var decoder = TokenDecoder(self)
        var position = 0
        var ranges: [Range<Int>] = []
        for id in ids {
            var token: [UInt8] = []
            decoder.append(id, to: &token)
            guard let start = Self.place(of: &token, in: bytes, from: position) else {
                throw ADPOError(
                    .unsupported,
                    "the tokenizer changes the text before byte \(position), so that its tokens have "
                        + "no places there")
            }
            position = start + token.count
            ranges.append(start..<position)
        }
        return ranges
    }

    /// Where a token begins, at `position` or behind white space; a space before it that the text lacks
    /// is dropped.
    private static func place(
        of token: inout [UInt8], in text: [UInt8], from position: Int
    ) -> Int? {
        let space = UInt8(ascii: " ")
        var start = position
        while true {
            if text[start...].starts(with: token) { return start }
            if token.first == space, text[start...].starts(with: token.dropFirst()) {
                token.removeFirst()
                return start
            }
            guard start < text.count, text[start] == space || (0x09...0x0D).contains(text[start])
            else { return nil }
            start += 1
        }
    }
}
