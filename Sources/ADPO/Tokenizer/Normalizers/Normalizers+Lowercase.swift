import ADPOBase

extension Normalizers {
    /// Maps each character to lower case by itself.
    struct Lowercase: Normalizer {
        var json: JSON { .part("Lowercase") }
        /// U+0130 and U+023A become three bytes of two, and none grows more.
        var growth: Int { 2 }

        func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            var index = 0
            while index < text.count {
                let (scalar, end) = text.scalar(at: index)
                result += scalar.properties.lowercaseMapping.utf8
                index = end
            }
            return result
        }
    }
}
