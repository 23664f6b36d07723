import ADPOBase

extension PreTokenizers {
    /// GPT-2's: a space before the text if asked for, and its regular expression. That the model
    /// merges bytes rather than characters goes with it (`TokenizerDescription.isByteLevel`).
    struct ByteLevel: PreTokenizer {
        var addsPrefixSpace = false
        var usesPattern = true

        init(usesPattern: Bool) { self.usesPattern = usesPattern }

        init(_ json: JSON) {
            addsPrefixSpace = json["add_prefix_space"]?.bool ?? true
            usesPattern = json["use_regex"]?.bool ?? true
        }

        var json: JSON { .byteLevel(addsPrefixSpace: addsPrefixSpace, usesPattern: usesPattern) }

        func split(_ text: PreText, _ body: (PreText) -> Void) {
            guard addsPrefixSpace, text.bytes.first != UInt8(ascii: " ") else {
                return splitWords(text, body)
            }
            ([UInt8(ascii: " ")] + text.bytes).withUnsafeBufferPointer {
                splitWords(PreText(bytes: $0, isFirst: text.isFirst), body)
            }
        }

        private func splitWords(_ text: PreText, _ body: (PreText) -> Void) {
            if usesPattern { text.splitWords(.gpt2, body) } else { body(text) }
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
