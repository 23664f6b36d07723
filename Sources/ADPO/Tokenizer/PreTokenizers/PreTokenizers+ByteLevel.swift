import ADPOBase

extension PreTokenizers {
    /// GPT-2's: a space before the text if asked for, and its regular expression. That the model
    /// merges bytes rather than characters goes with it (`TokenizerDescription.isByteLevel`).
    struct ByteLevel: PreTokenizer {
        let addsPrefixSpace: Bool
        private let words: Separator?

        private static let expression =
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

        init(_ json: JSON) throws(ADPOError) {
            addsPrefixSpace = json["add_prefix_space"]?.bool ?? true
            let usesPattern = json["use_regex"]?.bool ?? true
            words = usesPattern ? .pattern(try Pattern(Self.expression)) : nil
        }

        var json: JSON {
            .byteLevel(addsPrefixSpace: addsPrefixSpace, usesPattern: words != nil)
        }

        func split(_ text: PreText, _ body: (PreText) -> Void) {
            guard addsPrefixSpace, text.bytes.first != UInt8(ascii: " ") else {
                return splitWords(text, body)
            }
            ([UInt8(ascii: " ")] + text.bytes).withUnsafeBufferPointer {
                splitWords(PreText(bytes: $0, isFirst: text.isFirst), body)
            }
        }

        private func splitWords(_ text: PreText, _ body: (PreText) -> Void) {
            if let words { words.isolate(text, body) } else { body(text) }
        }
    }
}

extension JSON {
    /// The part `ByteLevel`, which is a pre-tokenizer, a post-processor and a decoder.
    static func byteLevel(addsPrefixSpace: Bool = false, usesPattern: Bool = true) -> JSON {
        .part(
            "ByteLevel",
            [
                ("add_prefix_space", .bool(addsPrefixSpace)), ("trim_offsets", .bool(true)),
                ("use_regex", .bool(usesPattern)),
            ])
    }
}
