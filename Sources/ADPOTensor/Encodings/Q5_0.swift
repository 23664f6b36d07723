import CKernels

extension Encoding {
    /// 5.5 bits a weight: w = scale * (code - 16). llama.cpp takes it in files of Q4_K for rows that are no
    /// whole number of superblocks.
    package static let q5_0 = Encoding(
        name: "Q5_0", ggmlType: 6, ggufFileType: 8,
        blockElements: 32, blockBytes: 22, decode: adpo_decode_q5_0, encode: adpo_encode_q5_0,
        dot: adpo_dot_q5_0)
}
