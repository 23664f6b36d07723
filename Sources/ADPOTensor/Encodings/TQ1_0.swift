import CKernels

extension Encoding {
    /// 1.7 bits a weight: -1, 0 or 1 times a scale, five in a byte.
    package static let tq1_0 = Encoding(
        name: "TQ1_0", ggmlType: 34, ggufFileType: 36,
        blockElements: 256, blockBytes: 54, decode: adpo_decode_tq1_0,
        dot: adpo_dot_tq1_0)
}
