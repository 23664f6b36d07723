import ADPOBase

extension PreTokenizers {
    /// SentencePiece's: spaces become a visible character, usually U+2581, which also begins the
    /// text, and words begin with it.
    struct Metaspace: PreTokenizer {
        let replacement: Replacement
        let scheme: PrependScheme
        let splits: Bool

        /// Where the character is put before what does not begin with it.
        enum PrependScheme: String {
            case always
            case first
            case never
        }

        init(_ json: JSON) throws(ADPOError) {
            guard let character = json["replacement"]?.string, character.unicodeScalars.count == 1
            else { throw ADPOError(.format, "Metaspace needs a replacement of one character") }
            let old = json["add_prefix_space"]?.bool == false ? "never" : "always"
            let name = json["prepend_scheme"]?.string ?? old
            guard let scheme = PrependScheme(rawValue: name) else {
                throw .unsupportedPart("Metaspace with the prepend_scheme '\(name)'")
            }
            replacement = Replacement(" ", with: character)
            self.scheme = scheme
            splits = json["split"]?.bool ?? true
        }

        var json: JSON {
            .part(
                "Metaspace",
                [
                    ("replacement", .text(replacement.content)),
                    ("prepend_scheme", .string(scheme.rawValue)), ("split", .bool(splits)),
                ])
        }

        func split(_ text: PreText, _ body: (PreText) -> Void) {
            var bytes = replacement.apply(text.bytes) ?? Array(text.bytes)
            let mark = replacement.content
            if scheme == .always || scheme == .first && text.isFirst, !bytes.starts(with: mark) {
                bytes.insert(contentsOf: mark, at: 0)
            }
            bytes.withUnsafeBufferPointer { bytes in
                let whole = PreText(bytes: bytes, isFirst: text.isFirst)
                guard splits else { return body(whole) }
                Split(mark, .mergedWithNext).split(whole, body)
            }
        }
    }
}
