import CKernels

extension Encoding {
    /// IEEE 754 binary16, little-endian.
    package static let f16 = Encoding(
        name: "F16", ggmlType: 1, ggufFileType: 1,
        safetensorsName: "F16", torchName: "float16",
        blockElements: 1, blockBytes: 2, decode: adpo_decode_f16, encode: adpo_encode_f16,
        dot: adpo_dot_f16)
}
