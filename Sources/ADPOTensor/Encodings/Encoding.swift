import ADPOBase
import CKernels

/// How numbers are stored in a file: a block of `blockElements` weights takes `blockBytes` bytes.
///
/// A new encoding is a file that declares a value of this type, a C file of CKernels/encodings with its
/// byte layout, decoder, dot product and perhaps encoder, and a line each in `all` and in encodings.h.
package struct Encoding: Sendable {
    package typealias Decode =
        @convention(c) @Sendable (UnsafeRawPointer?, UnsafeMutablePointer<Float>?, Int) -> Void
    package typealias Encode =
        @convention(c) @Sendable (UnsafePointer<Float>?, UnsafeMutableRawPointer?, Int) -> Void
    package typealias Dot =
        @convention(c) @Sendable (
            adpo_encoded_rows, UnsafePointer<adpo_vector>?, Int, Float,
            UnsafeMutablePointer<Float>?, Int
        ) -> Void

    /// The name that users see, such as "Q4_1".
    package let name: String
    /// The ggml type number in GGUF files.
    package let ggmlType: UInt32
    /// llama.cpp's number for files whose matrices are mostly of this encoding.
    package let ggufFileType: UInt32
    /// The dtype name in safetensors files; nil when the format cannot hold it.
    package let safetensorsName: String?
    /// PyTorch's name, which a config.json has.
    package let torchName: String?
    package let blockElements: Int
    package let blockBytes: Int
    /// Decodes whole blocks: (encoded bytes, output floats, number of elements).
    package let decode: Decode
    /// Encodes whole blocks: (floats, output bytes, number of elements); nil for what is read only.
    package let encode: Encode?
    /// y = x W^T + beta y for few rows of x: (rows of weights, vectors, how many, beta, y, its stride).
    package let dot: Dot

    /// The encoding that takes the place of this one for rows that are no whole number of blocks.
    package let fallback: @Sendable () -> Encoding

    init(
        name: String, ggmlType: UInt32, ggufFileType: UInt32, safetensorsName: String? = nil,
        torchName: String? = nil, blockElements: Int, blockBytes: Int,
        decode: @escaping Decode, encode: Encode? = nil, dot: @escaping Dot,
        fallback: @escaping @Sendable () -> Encoding = { .f16 }
    ) {
        self.name = name
        self.ggmlType = ggmlType
        self.ggufFileType = ggufFileType
        self.safetensorsName = safetensorsName
        self.torchName = torchName
        self.blockElements = blockElements
        self.blockBytes = blockBytes
        self.decode = decode
        self.encode = encode
        self.dot = dot
        self.fallback = fallback
    }

    package var bitsPerWeight: Double { Double(blockBytes * 8) / Double(blockElements) }

    /// Several weights share a scale.
    package var isQuantized: Bool { blockElements > 1 }

    /// The bytes of a tensor of this shape, whose rows (the last dimension) are whole blocks; nil
    /// when they are not, when a dimension is negative, or when the size overflows.
    package func byteCount(shape: [Int]) -> Int? {
        let row = shape.last ?? 1
        guard row % blockElements == 0 else { return nil }
        var bytes = blockBytes
        for factor in shape.dropLast() + [row / blockElements] {
            guard factor >= 0 else { return nil }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: factor)
            if overflow { return nil }
            bytes = product
        }
        return bytes
    }
}

extension Encoding: Equatable {
    package static func == (left: Encoding, right: Encoding) -> Bool {
        left.ggmlType == right.ggmlType
    }
}

extension Encoding {
    /// Every weight format; tests walk this list.
    package static let all: [Encoding] = [
        .f32, .f16, .bf16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q4_K, .q5_K, .q6_K, .q3_K, .iq4_NL,
        .iq4_XS, .q2_K, .iq3_S, .iq3_XXS, .iq2_S, .iq2_XS, .iq2_XXS, .mxfp4, .tq1_0, .tq2_0,
    ]

    /// Those that can be written, too.
    package static let writable = all.filter { $0.encode != nil }

    /// One of `writable` by name, in capitals or not.
    ///
    /// - Throws: `.invalidArgument` for any other name.
    package static func writable(named name: String) throws(ADPOError) -> Encoding {
        let name = name.uppercased()
        if let encoding = writable.first(where: { $0.name == name }) { return encoding }
        let choices = writable.map(\.name).joined(separator: ", ")
        let isRead = all.contains { $0.name == name }
        throw ADPOError(
            .invalidArgument,
            isRead
                ? "\(name) can be read, but not written; there are \(choices)"
                : "the encoding \"\(name)\" is unknown; there are \(choices)")
    }
}
