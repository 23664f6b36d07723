import CKernels

extension Encoding {
    /// 5 bits a weight: w = scale * code + minimum.
    package static let q4_1 = Encoding(
        name: "Q4_1", ggmlType: 3, ggufFileType: 3,
        blockElements: 32, blockBytes: 20, decode: adpo_decode_q4_1, encode: adpo_encode_q4_1,
        dot: adpo_dot_q4_1)
}
