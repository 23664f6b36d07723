import CKernels

extension Encoding {
    /// 4.25 bits a weight: w = scale * scale[s] * value[code] in sub-block s of 32, with IQ4_NL's values.
    package static let iq4_XS = Encoding(
        name: "IQ4_XS", ggmlType: 23, ggufFileType: 30,
        blockElements: 256, blockBytes: 136, decode: adpo_decode_iq4_xs, encode: adpo_encode_iq4_xs,
        dot: adpo_dot_iq4_xs, fallback: { .iq4_NL })
}
