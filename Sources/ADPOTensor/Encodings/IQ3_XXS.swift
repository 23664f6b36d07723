import CKernels

extension Encoding {
    /// 3.1 bits a weight: four magnitudes at once from a grid of 256, and signs.
    package static let iq3_XXS = Encoding(
        name: "IQ3_XXS", ggmlType: 18, ggufFileType: 23,
        blockElements: 256, blockBytes: 98, decode: adpo_decode_iq3_xxs,
        dot: adpo_dot_iq3_xxs)
}
