import CKernels

extension Encoding {
    /// 2.6 bits a weight: eight magnitudes at once from a grid of 1024, and signs.
    package static let iq2_S = Encoding(
        name: "IQ2_S", ggmlType: 22, ggufFileType: 28,
        blockElements: 256, blockBytes: 82, decode: adpo_decode_iq2_s,
        dot: adpo_dot_iq2_s)
}
