/// Reads little-endian values one after the other, and throws where the bytes end.
package struct ByteReader {
    package let bytes: UnsafeRawBufferPointer
    /// Names the file in errors.
    package let source: String
    package private(set) var position = 0

    package init(_ bytes: UnsafeRawBufferPointer, source: String) {
        self.bytes = bytes
        self.source = source
    }

    package var remaining: Int { bytes.count - position }

    package mutating func take(_ count: Int) throws(ADPOError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else {
            throw ADPOError(
                .format,
                """
                \(source) is truncated or damaged: byte \(position) announces \(count) bytes more, \
                but only \(remaining) are left
                """)
        }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    package mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type)
        throws(ADPOError) -> T
    {
        T(littleEndian: try take(MemoryLayout<T>.size).loadUnaligned(as: T.self))
    }

    /// A 64-bit number of things that take at least `minimumSize` bytes each: no more than fit in
    /// what remains, so that a hostile count cannot make a large allocation or a long loop.
    package mutating func count(minimumSize: Int) throws(ADPOError) -> Int {
        let count = try integer(UInt64.self)
        guard count <= UInt64(remaining / minimumSize) else {
            throw ADPOError(
                .format,
                """
                \(source) is truncated or damaged: byte \(position - 8) counts \(count) elements, \
                but only \(remaining) bytes are left
                """)
        }
        return Int(count)
    }
}
