import ADPOBase

extension TokenizerDescription {
    /// Adds a merge written as two tokens with a space between, the next in rank.
    ///
    /// - Throws: `.format` when it is not that, or names a token that the vocabulary lacks.
    mutating func addMerge(_ text: [UInt8]) throws(ADPOError) {
        guard let space = text.firstIndex(of: UInt8(ascii: " ")) else {
            throw Self.failure(text, "is not two tokens with a space between")
        }
        try addMerge(text[..<space], text[(space + 1)...])
    }

    /// Adds a merge of two tokens in `ByteAlphabet`, the next in rank.
    ///
    /// - Throws: `.format` when these, or what they merge to, are not in the vocabulary.
    mutating func addMerge(
        _ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>
    ) throws(ADPOError) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(left.count + right.count)
        let isLeftEncoded = ByteAlphabet.decode(left, into: &bytes)
        let middle = bytes.count
        guard isLeftEncoded, ByteAlphabet.decode(right, into: &bytes) else {
            throw Self.failure(left + [UInt8(ascii: " ")] + right, "is not of byte-level tokens")
        }
        let merge = bytes.withUnsafeBufferPointer { bytes -> Merge? in
            guard let left = vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[..<middle])),
                let right = vocabulary.id(of: UnsafeBufferPointer(rebasing: bytes[middle...])),
                let merged = vocabulary.id(of: bytes)
            else { return nil }
            return Merge(left: left, right: right, merged: merged)
        }
        guard let merge else {
            throw Self.failure(
                left + [UInt8(ascii: " ")] + right, "names a token that the vocabulary lacks")
        }
        merges.append(merge)
    }

    private static func failure(_ text: some Collection<UInt8>, _ reason: String) -> ADPOError {
        let shown = String(decoding: text.prefix(80), as: UTF8.self)
        return ADPOError(.format, "the tokenizer's merge '\(shown)' \(reason)")
    }
}
