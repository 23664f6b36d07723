import CKernels

extension Encoding {
    /// 3.4 bits a weight: four magnitudes at once from a grid of 512, and signs.
    package static let iq3_S = Encoding(
        name: "IQ3_S", ggmlType: 21, ggufFileType: 26,
        blockElements: 256, blockBytes: 110, decode: adpo_decode_iq3_s,
        dot: adpo_dot_iq3_s)
}
