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
}
