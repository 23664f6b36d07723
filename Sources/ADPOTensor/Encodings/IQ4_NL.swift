import CKernels

extension Encoding {
    /// 4.5 bits a weight: w = scale * value[code], where values lie closer to each other near 0. llama.cpp
    /// takes it in files of IQ4_XS for rows that are no whole number of superblocks.
    package static let iq4_NL = Encoding(
        name: "IQ4_NL", ggmlType: 20, ggufFileType: 25,
        blockElements: 32, blockBytes: 18, decode: adpo_decode_iq4_nl, encode: adpo_encode_iq4_nl,
        dot: adpo_dot_iq4_nl)
}
