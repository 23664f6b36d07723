import CKernels

extension Encoding {
    /// 4.5 bits a weight: w = scale * scale[s] * code - minimum * minimum[s] in sub-block s of 32.
    /// The sub-blocks' 6-bit scales and minima make it better than Q4_0 at the same size.
    ///
    ///     bytes 0-1     scale, f16
    ///     bytes 2-3     minimum, f16
    ///     bytes 4-15    8 scales and 8 minima of 6 bits
    ///     bytes 16-143  4 runs of 32 bytes; run r has sub-block 2r low and 2r + 1 high
    package static let q4_K = Encoding(
        name: "Q4_K", ggmlType: 12, safetensorsName: nil, blockElements: 256, blockBytes: 144,
        decode: adpo_decode_q4_k, encode: adpo_encode_q4_k, dot: adpo_dot_q4_k)
}
