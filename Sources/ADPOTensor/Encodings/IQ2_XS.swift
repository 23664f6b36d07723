import CKernels

extension Encoding {
    /// 2.3 bits a weight: eight magnitudes at once from a grid of 512, and signs.
    package static let iq2_XS = Encoding(
        name: "IQ2_XS", ggmlType: 17, ggufFileType: 20,
        blockElements: 256, blockBytes: 74, decode: adpo_decode_iq2_xs,
        dot: adpo_dot_iq2_xs)
}
