import ADPOBase

extension Normalizers {
    /// Removes white space from the ends of a text.
    struct Strip: Normalizer {
        let left: Bool
        let right: Bool

        init(_ json: JSON) {
            left = json["strip_left"]?.bool ?? true
            right = json["strip_right"]?.bool ?? true
        }

        var json: JSON {
            .part("Strip", [("strip_left", .bool(left)), ("strip_right", .bool(right))])
        }

        func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
            var start = 0
            var end = text.count
            while left, start < end {
                let next = text.scalar(at: start)
                guard next.scalar.properties.isWhitespace else { break }
                start = next.end
            }
            while right, end > start {
                let last = text.scalar(before: end)
                guard last.scalar.properties.isWhitespace else { break }
                end = last.start
            }
            return end - start == text.count ? nil : Array(text[start..<end])
        }
    }
}
