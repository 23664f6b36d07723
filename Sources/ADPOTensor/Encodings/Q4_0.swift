import CKernels

extension Encoding {
    /// 4.5 bits a weight: w = scale * (code - 8). The simplest 4-bit format, symmetric around 0.
    ///
    ///     bytes 0-1   scale, f16
    ///     bytes 2-17  16 bytes; byte j has the code of weight j low and of weight j + 16 high
    package static let q4_0 = Encoding(
        name: "Q4_0", ggmlType: 2, safetensorsName: nil, blockElements: 32, blockBytes: 18,
        decode: adpo_decode_q4_0, encode: adpo_encode_q4_0, dot: adpo_dot_q4_0)
}
