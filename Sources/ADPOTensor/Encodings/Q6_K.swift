import CKernels

extension Encoding {
    /// 6.6 bits a weight: w = scale * scale[s] * (code - 32) in sub-block s of 16. The format for
    /// the tensors that suffer most from 4 bits: embeddings, heads, some of the value projections.
    package static let q6_K = Encoding(
        name: "Q6_K", ggmlType: 14, ggufFileType: 18,
        blockElements: 256, blockBytes: 210, decode: adpo_decode_q6_k, encode: adpo_encode_q6_k,
        dot: adpo_dot_q6_k, fallback: { .q8_0 })
}
