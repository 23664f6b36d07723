import CKernels

extension Encoding {
    /// 4.5 bits a weight: w = scale * scale[s] * code - minimum * minimum[s] in sub-block s of 32.
    /// The sub-blocks' 6-bit scales and minima make it better than Q4_0 at the same size.
    package static let q4_K = Encoding(
        name: "Q4_K", ggmlType: 12, ggufFileType: 14,
        blockElements: 256, blockBytes: 144, decode: adpo_decode_q4_k, encode: adpo_encode_q4_k,
        dot: adpo_dot_q4_k, fallback: { .q5_0 })
}
