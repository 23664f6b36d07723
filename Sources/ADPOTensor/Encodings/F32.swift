import CKernels

extension Encoding {
    /// IEEE 754 binary32, little-endian: the bytes are the weights.
    package static let f32 = Encoding(
        name: "F32", ggmlType: 0, ggufFileType: 0,
        safetensorsName: "F32", torchName: "float32",
        blockElements: 1, blockBytes: 4, decode: adpo_decode_f32, encode: adpo_encode_f32,
        dot: adpo_dot_f32)
}
