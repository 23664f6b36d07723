/// How a model makes tokens of a word, beside its vocabulary: by merges (BPE), or by the sum of the
/// tokens' scores (Unigram).
package struct SubwordModel: Sendable {
    /// The scores of Unigram's tokens, which has no merges.
    package var unigram: UnigramScores?
    package var merges = Merges.listed([])
    /// A word that is a token as it stands needs no merges (llama-3).
    package var ignoresMerges = false
    /// A character without a token becomes the tokens "<0x00>" to "<0xFF>" of its bytes.
    package var fallsBackToBytes = false
    /// Stands for what has no token, which is left out without it.
    package var unknown: Int32?
    /// One `unknown` stands for a run of such.
    package var fusesUnknown = false
}

/// Tokens that stand for a byte: "<0x0A>".
enum ByteToken {
    static func text(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return Array("<0x".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            + [UInt8(ascii: ">")]
    }

    /// The byte that a token stands for.
    static func byte(_ token: some RandomAccessCollection<UInt8>) -> UInt8? {
        guard token.count == 6, token.starts(with: Array("<0x".utf8)),
            token.last == UInt8(ascii: ">")
        else { return nil }
        return UInt8(String(decoding: token.dropFirst(3).prefix(2), as: UTF8.self), radix: 16)
    }
}
