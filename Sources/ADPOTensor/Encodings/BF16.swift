import CKernels

extension Encoding {
    /// bfloat16: the upper half of a binary32, so the exponents of training survive.
    package static let bf16 = Encoding(
        name: "BF16", ggmlType: 30, safetensorsName: "BF16", blockElements: 1, blockBytes: 2,
        decode: adpo_decode_bf16, encode: adpo_encode_bf16, dot: adpo_dot_bf16)
}
