import CKernels

extension Encoding {
    /// 5.5 bits a weight: Q4_K with one bit more for each code.
    package static let q5_K = Encoding(
        name: "Q5_K", ggmlType: 13, ggufFileType: 16,
        blockElements: 256, blockBytes: 176, decode: adpo_decode_q5_k, encode: adpo_encode_q5_k,
        dot: adpo_dot_q5_k, fallback: { .q5_1 })
}
