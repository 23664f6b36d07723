import ADPOBase

extension Decoders {
    /// Removes up to a number of a character from the beginning of a text.
    struct Strip: TokenDecoderStep {
        let character: [UInt8]
        let count: Int

        init(_ character: String, count: Int) {
            self.character = Array(character.utf8)
            self.count = count
        }

        init(_ json: JSON) throws(ADPOError) {
            guard let content = json["content"]?.string, content.unicodeScalars.count == 1 else {
                throw ADPOError(.format, "the decoder Strip needs a content of one character")
            }
            guard json["stop"]?.integer ?? 0 == 0 else {
                throw .unsupportedPart("the decoder Strip at the end of a text")
            }
            self.init(content, count: max(0, json["start"]?.integer ?? 0))
        }

        var json: JSON {
            .part(
                "Strip",
                [
                    ("content", .text(character)),
                    ("start", .integer(count)),
                    ("stop", .integer(0)),
                ])
        }

        func apply(_ token: inout [UInt8], at place: inout DecoderPlace) {
            guard case .start(var removed) = place else { return }
            var length = 0
            while removed < count, token[length...].starts(with: character) {
                removed += 1
                length += character.count
            }
            token.removeFirst(length)
            place = removed < count && token.isEmpty ? .start(removed: removed) : .inside
        }
    }
}
