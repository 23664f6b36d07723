import CKernels

extension Encoding {
    /// 5 bits a weight: w = scale * code + minimum. The minimum serves blocks that are not
    /// symmetric around 0.
    ///
    ///     bytes 0-1   scale, f16
    ///     bytes 2-3   minimum, f16
    ///     bytes 4-19  16 bytes; byte j has the code of weight j low and of weight j + 16 high
    package static let q4_1 = Encoding(
        name: "Q4_1", ggmlType: 3, safetensorsName: nil, blockElements: 32, blockBytes: 20,
        decode: adpo_decode_q4_1, encode: adpo_encode_q4_1, dot: adpo_dot_q4_1)
}
