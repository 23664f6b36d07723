import CKernels

extension Encoding {
    /// 8.5 bits a weight: w = scale * code. Hardly distinguishable from F16 in use.
    package static let q8_0 = Encoding(
        name: "Q8_0", ggmlType: 8, ggufFileType: 7,
        blockElements: 32, blockBytes: 34, decode: adpo_decode_q8_0, encode: adpo_encode_q8_0,
        dot: adpo_dot_q8_0)
}
