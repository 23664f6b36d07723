import CKernels

extension Encoding {
    /// 3.4 bits a weight: w = scale * scale[s] * (code - 4) in sub-block s of 16.
    package static let q3_K = Encoding(
        name: "Q3_K", ggmlType: 11, ggufFileType: 12,
        blockElements: 256, blockBytes: 110, decode: adpo_decode_q3_k, encode: adpo_encode_q3_k,
        dot: adpo_dot_q3_k, fallback: { .q4_0 })
}
