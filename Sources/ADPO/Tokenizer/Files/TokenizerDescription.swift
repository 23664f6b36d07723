import ADPOBase

/// A tokenizer as a plain value, from whichever file it was read.
package struct TokenizerDescription: Sendable {
    package var vocabulary = Vocabulary()
    package var addedTokens: [AddedToken] = []
    package var normalizers: [any Normalizer] = []
    package var preTokenizers: [any PreTokenizer] = []
    package var model = SubwordModel()
    package var decoders: [any TokenDecoderStep] = []
    /// The tokens that the post-processor puts before and after a text.
    package var prefix: [Int32] = []
    package var suffix: [Int32] = []
    package var bos: Int32?
    package var eos: Int32?
    package var pad: Int32?
    package var unknown: Int32?

    package init() {}

    /// Whether the model merges bytes rather than characters.
    var isByteLevel: Bool { preTokenizers.contains { $0 is PreTokenizers.ByteLevel } }

    /// How files write the model's tokens.
    var spelling: Vocabulary.Spelling { isByteLevel ? .byteLevel : .text }

    /// - Throws: `.format` when a token is named that the vocabulary lacks, `.unsupported` for parts
    ///   that do not go together or have no bounds.
    func validate() throws(ADPOError) {
        let named =
            prefix + suffix + addedTokens.map(\.id)
            + [model.unknown, bos, eos, pad, unknown].compactMap(\.self)
        for id in named where !vocabulary.contains(id) {
            throw ADPOError(
                .format, "the tokenizer names the token id \(id), which its vocabulary lacks")
        }
        guard addedTokens.allSatisfy({ $0.content.count <= AddedTokenMatcher.longestToken }) else {
            throw ADPOError(
                .unsupported,
                "the tokenizer has an added token of more than \(AddedTokenMatcher.longestToken) "
                    + "bytes")
        }
        var growth = 1
        for normalizer in normalizers {
            growth *= normalizer.growth  // of 8 numbers up to 64
        }
        guard growth <= Normalizers.maximumGrowth else {
            throw .unsupportedPart("a tokenizer whose normalizers make text much longer")
        }
        let firstByteLevel = preTokenizers.firstIndex { $0 is PreTokenizers.ByteLevel }
        guard firstByteLevel == nil || firstByteLevel == preTokenizers.count - 1 else {
            throw .unsupportedPart("a pre-tokenizer behind ByteLevel")
        }
        guard isByteLevel == decoders.contains(where: { $0 is Decoders.ByteLevel }) else {
            throw .unsupportedPart("ByteLevel as one of pre-tokenizer and decoder alone")
        }
        guard !decoders.isEmpty else {
            throw .unsupportedPart("a tokenizer without decoder")
        }
        try Decoders.validate(decoders)
    }
}
