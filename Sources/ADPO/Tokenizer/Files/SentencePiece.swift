import ADPOBase

/// How a tokenizer of SentencePiece's reads as a pipeline.
enum SentencePiece {
    static let space = "\u{2581}"

    /// - Parameter addsSpace: a text begins as if a space were before it.
    static func parts(
        addsSpace: Bool
    ) -> (normalizers: [any Normalizer], decoders: [any TokenDecoderStep]) {
        var normalizers: [any Normalizer] = [Normalizers.Replace(" ", with: space)]
        var decoders: [any TokenDecoderStep] = [
            Decoders.Replace(space, with: " "), Decoders.ByteFallback(), Decoders.Fuse(),
        ]
        if addsSpace {
            normalizers.insert(Normalizers.Prepend(space), at: 0)
            decoders.append(Decoders.Strip(" ", count: 1))
        }
        return (normalizers, decoders)
    }

    /// What is done to a text before: characters are mapped, and spaces at its ends and behind
    /// others removed.
    ///
    /// - Parameter marksAreSpaces: At the end of a text, U+2581 is removed, too.
    static func cleaning(
        map: [UInt8]?, removesSpaces: Bool, marksAreSpaces: Bool
    ) throws(ADPOError) -> [any Normalizer] {
        var normalizers: [any Normalizer] = []
        if let map {
            normalizers.append(
                Normalizers.Precompiled(try CharacterMap(map), isLongestMatch: true))
        }
        func replacement(_ pattern: String, _ content: String) throws(ADPOError) -> any Normalizer {
            let pattern = JSON.object([("Regex", .string(pattern))])
            return try Normalizers.Replace(
                .part("Replace", [("pattern", pattern), ("content", .string(content))]))
        }
        if removesSpaces {
            normalizers.append(
                try replacement(marksAreSpaces ? #"\A +|[ \x{2581}]+\z"# : #"\A +| +\z"#, ""))
            normalizers.append(try replacement(" {2,}", " "))
        }
        return normalizers
    }
}
