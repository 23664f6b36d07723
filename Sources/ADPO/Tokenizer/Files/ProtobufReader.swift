import ADPOBase

/// Reads the fields of a protocol buffer one after the other.
struct ProtobufReader {
    private var reader: ByteReader

    enum Value {
        case integer(UInt64)
        case fixed32(UInt32)
        case bytes(UnsafeRawBufferPointer)
    }

    init(_ bytes: UnsafeRawBufferPointer, source: String) {
        reader = ByteReader(bytes, source: source)
    }

    /// The next field's number and value; nil at the end.
    ///
    /// - Throws: `.format` where the bytes are none.
    mutating func next() throws(ADPOError) -> (field: Int, value: Value)? {
        while reader.remaining > 0 {
            let key = try varint()
            let field = Int(key >> 3 & 0x1FFF_FFFF)
            switch key & 7 {
            case 0: return (field, .integer(try varint()))
            case 1: _ = try reader.take(8)
            case 2:
                guard let count = Int(exactly: try varint()) else { throw malformed() }
                return (field, .bytes(try reader.take(count)))
            case 5: return (field, .fixed32(try reader.integer(UInt32.self)))
            default: throw malformed()
            }
        }
        return nil
    }

    private mutating func varint() throws(ADPOError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            let byte = try reader.integer(UInt8.self)
            value |= UInt64(byte & 0x7F) << UInt64(shift)
            if byte < 0x80 { return value }
        }
        throw malformed()
    }

    private func malformed() -> ADPOError {
        ADPOError(.format, "\(reader.source) is damaged: byte \(reader.position) begins no field")
    }
}
