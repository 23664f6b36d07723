/// GPT-2's way to write bytes as visible characters, in which the files of byte-level tokenizers
/// hold their tokens: printable Latin-1 characters stand for themselves, and the other 68 bytes, in
/// their order, are U+0100 to U+0143.
enum ByteAlphabet {
    /// The byte that each of the first 0x144 Unicode scalars stands for; -1 for those outside.
    private static let byteOfScalar: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        var next = 0x100
        for byte in 0..<0x100 {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: bytes[byte] = Int16(byte)
            default:
                bytes[next] = Int16(byte)
                next += 1
            }
        }
        return bytes
    }()

    /// Bytes as the text (UTF-8) that stands for them.
    static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        let table = scalarOfByte
        for byte in bytes {
            let scalar = table[Int(byte)]
            if scalar < 0x80 {
                text.append(UInt8(truncatingIfNeeded: scalar))
            } else {
                text.append(0xC0 | UInt8(truncatingIfNeeded: scalar >> 6))
                text.append(0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F))
            }
        }
        return text
    }

    private static let scalarOfByte: [Int] = {
        var scalars = [Int](repeating: 0, count: 0x100)
        for (scalar, byte) in byteOfScalar.enumerated() where byte >= 0 {
            scalars[Int(byte)] = scalar
        }
        return scalars
    }()

    /// Appends the bytes that `text` (UTF-8) stands for. False, and nothing appended, when it has a
    /// character outside of the alphabet.
    static func decode(
        _ text: UnsafeBufferPointer<UInt8>, into bytes: inout [UInt8]
    ) -> Bool {
        let start = bytes.count
        let table = byteOfScalar
        var index = 0
        while index < text.count {
            var scalar = Int(text[index])
            index += 1
            if scalar & 0xE0 == 0xC0, index < text.count {
                scalar = (scalar & 0x1F) << 6 | Int(text[index] & 0x3F)
                index += 1
            } else if scalar >= 0x80 {
                scalar = table.count  // three bytes and more: outside
            }
            guard scalar < table.count, table[scalar] >= 0 else {
                bytes.removeLast(bytes.count - start)
                return false
            }
            bytes.append(UInt8(truncatingIfNeeded: table[scalar]))
        }
        return true
    }
}
