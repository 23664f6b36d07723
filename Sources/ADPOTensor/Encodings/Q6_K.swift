import CKernels

extension Encoding {
    /// 6.6 bits a weight: w = scale * scale[s] * (code - 32) in sub-block s of 16. The format for
    /// the tensors that suffer most from 4 bits: embeddings, heads, some of the value projections.
    ///
    ///     bytes 0-127    low 4 bits of the codes: per half of 128, byte j < 64 has weight j low
    ///                    and j + 64 high
    ///     bytes 128-191  high 2 bits: per half, byte j < 32 has weights j, j + 32, j + 64, j + 96
    ///                    from the low bits up
    ///     bytes 192-207  16 scales, int8
    ///     bytes 208-209  scale, f16
    package static let q6_K = Encoding(
        name: "Q6_K", ggmlType: 14, safetensorsName: nil, blockElements: 256, blockBytes: 210,
        decode: adpo_decode_q6_k, encode: adpo_encode_q6_k, dot: adpo_dot_q6_k)
}
