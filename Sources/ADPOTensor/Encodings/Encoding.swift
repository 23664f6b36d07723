import ADPOBase
import CKernels

/// How numbers are stored in a file: a block of `blockElements` weights takes `blockBytes` bytes.
///
/// A new weight format is one file that declares a value of this type, and one line in `all`.
package struct Encoding: Sendable {
    /// The name that users see, such as "Q4_1".
    package let name: String
    /// The ggml type number in GGUF files.
    package let ggmlType: UInt32
    /// The dtype name in safetensors files; nil when the format cannot hold it.
    package let safetensorsName: String?
    package let blockElements: Int
    package let blockBytes: Int
    /// Decodes whole blocks: (encoded bytes, output floats, number of elements).
    package let decode:
        @convention(c) @Sendable (UnsafeRawPointer?, UnsafeMutablePointer<Float>?, Int) -> Void
    /// Encodes whole blocks: (floats, output bytes, number of elements).
    package let encode:
        @convention(c) @Sendable (UnsafePointer<Float>?, UnsafeMutableRawPointer?, Int) -> Void
    /// y = x W^T + beta y for few rows of x: (rows of weights, vectors, how many, beta, y, its stride).
    package let dot:
        @convention(c) @Sendable (
            adpo_encoded_rows, UnsafePointer<adpo_vector>?, Int, Float,
            UnsafeMutablePointer<Float>?, Int
        ) -> Void

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
    package static let all: [Encoding] = [.f32, .f16, .bf16, .q4_0, .q4_1, .q8_0, .q4_K, .q6_K]

    /// By name, in capitals or not.
    ///
    /// - Throws: `.invalidArgument` for a name that is none of `all`.
    package static func named(_ name: String) throws(ADPOError) -> Encoding {
        guard let encoding = all.first(where: { $0.name == name.uppercased() }) else {
            let known = all.map(\.name).joined(separator: ", ")
            throw ADPOError(
                .invalidArgument, "the encoding \"\(name)\" is unknown; there are \(known)")
        }
        return encoding
    }
}
