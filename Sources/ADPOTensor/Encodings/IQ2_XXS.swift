import CKernels

extension Encoding {
    /// 2.1 bits a weight: eight magnitudes at once from a grid of 256, and signs.
    package static let iq2_XXS = Encoding(
        name: "IQ2_XXS", ggmlType: 16, ggufFileType: 19,
        blockElements: 256, blockBytes: 66, decode: adpo_decode_iq2_xxs,
        dot: adpo_dot_iq2_xxs)
}
