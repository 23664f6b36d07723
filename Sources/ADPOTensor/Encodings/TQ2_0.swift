import CKernels

extension Encoding {
    /// 2.1 bits a weight: -1, 0 or 1 times a scale, four in a byte.
    package static let tq2_0 = Encoding(
        name: "TQ2_0", ggmlType: 35, ggufFileType: 37,
        blockElements: 256, blockBytes: 66, decode: adpo_decode_tq2_0,
        dot: adpo_dot_tq2_0)
}
