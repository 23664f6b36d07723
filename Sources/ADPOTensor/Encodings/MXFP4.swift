import CKernels

extension Encoding {
    /// 4.25 bits a weight: floats of 4 bits, 32 of which share an exponent. gpt-oss has its experts so.
    package static let mxfp4 = Encoding(
        name: "MXFP4", ggmlType: 39, ggufFileType: 38,
        blockElements: 32, blockBytes: 17, decode: adpo_decode_mxfp4,
        dot: adpo_dot_mxfp4)
}
