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

    /// The bytes of `elements` weights; nil when they are no whole number of blocks, or overflow.
    package func byteCount(elements: Int) -> Int? {
        guard elements >= 0, elements % blockElements == 0 else { return nil }
        let (bytes, overflow) = (elements / blockElements).multipliedReportingOverflow(by: blockBytes)
        return overflow ? nil : bytes
    }
}

extension Encoding {
    /// Every weight format; tests walk this list.
    package static let all: [Encoding] = [.f32]
}
