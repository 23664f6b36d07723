extension UnsafeBufferPointer<UInt8> {
    /// The scalar that begins at an index of well-formed UTF-8, and the index behind it.
    func scalar(at index: Int) -> (scalar: Unicode.Scalar, end: Int) {
        let first = UInt32(self[index])
        let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        let end = Swift.min(index + length, count)
        var value = length == 1 ? first : first & (0x7F >> UInt32(length))
        for byte in self[index + 1..<end] { value = value << 6 | UInt32(byte & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", end)
    }

    /// The scalar that ends before an index of well-formed UTF-8, and where it begins.
    func scalar(before index: Int) -> (scalar: Unicode.Scalar, start: Int) {
        var start = index - 1
        while start > 0, self[start] & 0xC0 == 0x80 { start -= 1 }
        return (scalar(at: start).scalar, start)
    }
}
