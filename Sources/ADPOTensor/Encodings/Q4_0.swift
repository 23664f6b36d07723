import CKernels

extension Encoding {
    /// 4.5 bits a weight: w = scale * (code - 8).
    package static let q4_0 = Encoding(
        name: "Q4_0", ggmlType: 2, ggufFileType: 2,
        blockElements: 32, blockBytes: 18, decode: adpo_decode_q4_0, encode: adpo_encode_q4_0,
        dot: adpo_dot_q4_0)
}
