import CKernels

extension Encoding {
    /// 2.6 bits a weight: w = scale * scale[s] * code - minimum * minimum[s] in sub-block s of 16.
    package static let q2_K = Encoding(
        name: "Q2_K", ggmlType: 10, ggufFileType: 10,
        blockElements: 256, blockBytes: 84, decode: adpo_decode_q2_k,
        dot: adpo_dot_q2_k)
}
