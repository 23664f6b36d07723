import CKernels

extension Encoding {
    /// The upper half of a binary32: its range, with 8 bits of precision.
    package static let bf16 = Encoding(
        name: "BF16", ggmlType: 30, ggufFileType: 32,
        safetensorsName: "BF16", torchName: "bfloat16",
        blockElements: 1, blockBytes: 2, decode: adpo_decode_bf16, encode: adpo_encode_bf16,
        dot: adpo_dot_bf16)
}
