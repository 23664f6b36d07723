import ADPOBase

/// The tokens that are put before and after each text.
struct PostProcessor {
    var prefix: [Int32] = []
    var suffix: [Int32] = []

    /// Longer templates are refused; files have up to 3 pieces.
    private static let longestTemplate = 64

    /// - Throws: `.unsupported` for other post-processors than templates, `.format`.
    init(_ json: JSON) throws(ADPOError) {
        switch json["type"]?.string {
        case nil where json.isNull: break
        case "ByteLevel": break  // concerns offsets only
        case "TemplateProcessing": try readTemplate(json)
        case "RobertaProcessing", "BertProcessing":
            prefix = [try Self.id(json["cls"]?.array?.last, "cls")]
            suffix = [try Self.id(json["sep"]?.array?.last, "sep")]
        case "Sequence":
            for part in json["processors"]?.array ?? [] {
                let inner = try PostProcessor(part)
                prefix = inner.prefix + prefix
                suffix += inner.suffix
            }
        case let type: throw .unsupportedPart("the post-processor '\(type ?? "")'")
        }
    }

    private static func id(_ json: JSON?, _ name: String) throws(ADPOError) -> Int32 {
        guard let id = json?.integer.flatMap(Int32.init(exactly:)) else {
            throw ADPOError(.format, "the post-processor's token '\(name)' has no proper id")
        }
        return id
    }

    private mutating func readTemplate(_ template: JSON) throws(ADPOError) {
        var texts = 0
        let pieces = template["single"]?.array ?? []
        guard pieces.count <= Self.longestTemplate else {
            throw .unsupportedPart("a post-processor's template of \(pieces.count) pieces")
        }
        for piece in pieces {
            if piece["Sequence"]?["id"]?.string == "A" {
                texts += 1
            } else if let name = piece["SpecialToken"]?["id"]?.string,
                let ids = template["special_tokens"]?[name]?["ids"]?.array
            {
                for id in ids {
                    let id = try Self.id(id, name)
                    if texts == 0 { prefix.append(id) } else { suffix.append(id) }
                }
            } else {
                throw ADPOError(.format, "the post-processor's template has an unknown piece")
            }
        }
        guard texts == 1 else {
            throw .unsupportedPart("a post-processor's template with \(texts) times the text")
        }
    }

    /// The post-processor of tokenizer.json that adds these tokens.
    ///
    /// - Parameter text: gives the text of a token.
    static func json(
        prefix: [Int32], suffix: [Int32], text: (Int32) throws(ADPOError) -> String
    ) throws(ADPOError) -> JSON {
        guard !prefix.isEmpty || !suffix.isEmpty else { return .null }
        var special: [(key: String, value: JSON)] = []
        func pieces(_ ids: [Int32]) throws(ADPOError) -> [JSON] {
            var pieces: [JSON] = []
            for id in ids {
                let text = try text(id)
                pieces.append(piece("SpecialToken", text))
                if special.contains(where: { $0.key.utf8.elementsEqual(text.utf8) }) { continue }
                special.append(
                    (
                        text,
                        .object([
                            ("id", .string(text)), ("ids", .array([.integer(Int(id))])),
                            ("tokens", .array([.string(text)])),
                        ])
                    ))
            }
            return pieces
        }
        func piece(_ kind: String, _ name: String) -> JSON {
            .object([(kind, .object([("id", .string(name)), ("type_id", .integer(0))]))])
        }
        let before = try pieces(prefix)
        let after = try pieces(suffix)
        let single = before + [piece("Sequence", "A")] + after
        return .part(
            "TemplateProcessing",
            [
                ("single", .array(single)),
                ("pair", .array(single + before + [piece("Sequence", "B")] + after)),
                ("special_tokens", .object(special)),
            ])
    }
}
