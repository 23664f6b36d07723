import CKernels

extension Encoding {
    /// 6 bits a weight: w = scale * code + minimum. llama.cpp takes it in files of Q5_K for rows that are no
    /// whole number of superblocks.
    package static let q5_1 = Encoding(
        name: "Q5_1", ggmlType: 7, ggufFileType: 9,
        blockElements: 32, blockBytes: 24, decode: adpo_decode_q5_1, encode: adpo_encode_q5_1,
        dot: adpo_dot_q5_1)
}
