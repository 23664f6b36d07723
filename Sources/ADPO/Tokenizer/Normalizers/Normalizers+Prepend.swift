import ADPOBase

extension Normalizers {
    /// Puts something before each text that is not empty.
    struct Prepend: Normalizer {
        let prefix: [UInt8]

        init(_ prefix: String) { self.prefix = Array(prefix.utf8) }

        init(_ json: JSON) throws(ADPOError) {
            guard let prefix = json["prepend"]?.string else {
                throw ADPOError(.format, "the normalizer Prepend does not say what")
            }
            self.init(prefix)
            guard self.prefix.count <= Replacement.longestContent else {
                throw .unsupportedPart("the normalizer Prepend with so long a text")
            }
        }

        var json: JSON {
            .part("Prepend", [("prepend", .text(prefix))])
        }

        func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
            text.isEmpty ? nil : prefix + text
        }
    }
}
