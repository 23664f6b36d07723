import ADPOBase

/// Which pairs of tokens a byte-pair model merges, and in which order.
package enum Merges: Sendable {
    /// These, in their order, as tokenizer.json and byte-level GGUF files list them.
    case listed([Merge])
    /// All that make another token of the vocabulary, those of the highest scores first, as
    /// SentencePiece does. The scores are those of the tokens by id.
    case scored([Float])
}

/// `left` followed by `right` becomes `merged`; all three are token ids.
package struct Merge: Sendable {
    package var left: Int32
    package var right: Int32
    package var merged: Int32
}

extension Vocabulary {
    /// A merge written as two tokens with a space between.
    ///
    /// - Throws: `.format` when it is not that, or names a token that the vocabulary lacks.
    func merge(_ text: some Collection<UInt8>, as spelling: Spelling) throws(ADPOError) -> Merge {
        guard let space = text.firstIndex(of: UInt8(ascii: " ")) else {
            throw failure(text, "is not two tokens with a space between")
        }
        return try merge(text[..<space], text[text.index(after: space)...], as: spelling)
    }

    /// A merge of two tokens.
    ///
    /// - Throws: `.format` when these, or what they merge to, are not in the vocabulary.
    func merge(
        _ left: some Collection<UInt8>, _ right: some Collection<UInt8>, as spelling: Spelling
    ) throws(ADPOError) -> Merge {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(left.count + right.count)
        let isLeftKnown = append(left, to: &bytes, as: spelling)
        let middle = bytes.count
        guard isLeftKnown, append(right, to: &bytes, as: spelling) else {
            throw failure(Array(left) + [UInt8(ascii: " ")] + right, "is not of byte-level tokens")
        }
        let merge = bytes.withUnsafeBufferPointer { bytes -> Merge? in
            guard let left = id(of: UnsafeBufferPointer(rebasing: bytes[..<middle])),
                let right = id(of: UnsafeBufferPointer(rebasing: bytes[middle...])),
                let merged = id(of: bytes)
            else { return nil }
            return Merge(left: left, right: right, merged: merged)
        }
        guard let merge else {
            throw failure(
                Array(left) + [UInt8(ascii: " ")] + right, "names a token that the vocabulary lacks"
            )
        }
        return merge
    }

    private func append(
        _ token: some Collection<UInt8>, to bytes: inout [UInt8], as spelling: Spelling
    ) -> Bool {
        guard spelling == .byteLevel else {
            bytes += token
            return true
        }
        return token.withContiguousStorageIfAvailable { ByteAlphabet.decode($0, into: &bytes) }
            ?? false
    }

    private func failure(_ text: some Collection<UInt8>, _ reason: String) -> ADPOError {
        let shown = String(decoding: text.prefix(80), as: UTF8.self)
        return ADPOError(.format, "the tokenizer's merge '\(shown)' \(reason)")
    }
}
