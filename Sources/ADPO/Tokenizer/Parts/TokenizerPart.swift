import ADPOBase

/// A part of a tokenizer's pipeline: a normalizer, a pre-tokenizer or a decoder of tokenizer.json.
package protocol TokenizerPart: Sendable {
    /// The part as tokenizer.json writes it. Parts that write the same do the same.
    var json: JSON { get }
}

/// The parts of one kind that can be read.
struct PartList<Part>: Sendable {
    /// The word for a part of this kind in errors.
    let kind: String
    /// The member of a `Sequence` that holds its parts.
    let sequence: String
    /// How each type of part is read from its JSON.
    let parts: [(type: String, read: @Sendable (JSON) throws(ADPOError) -> Part)]

    /// More parts than this are refused; files have up to 4.
    private static var maximumCount: Int { 8 }

    /// The parts, in their order; none for null.
    ///
    /// - Throws: `.unsupported` for types and options that are not known.
    func read(_ json: JSON) throws(ADPOError) -> [Part] {
        var parts: [Part] = []
        try read(json, into: &parts)
        return parts
    }

    private func read(_ json: JSON, into result: inout [Part]) throws(ADPOError) {
        if json.isNull { return }
        let type = json["type"]?.string ?? ""
        if type == "Sequence" {
            for part in json[sequence]?.array ?? [] { try read(part, into: &result) }
            return
        }
        guard let part = parts.first(where: { $0.type == type }) else {
            throw .unsupportedPart(
                "the \(kind) '\(type)'", known: parts.map(\.type).joined(separator: ", "))
        }
        guard result.count < Self.maximumCount else {
            throw .unsupportedPart("a tokenizer with more than \(Self.maximumCount) \(kind)s")
        }
        result.append(try part.read(json))
    }

    /// The JSON of parts: null, the only one, or a sequence.
    func json(_ parts: [JSON]) -> JSON {
        guard let first = parts.first else { return .null }
        if parts.count == 1 { return first }
        return .object([("type", .string("Sequence")), (sequence, .array(parts))])
    }
}

extension JSON {
    /// A part of this type with these options.
    static func part(_ type: String, _ members: [(key: String, value: JSON)] = []) -> JSON {
        .object([("type", .string(type))] + members)
    }

    /// A string, of bytes that came from one.
    static func text(_ bytes: [UInt8]) -> JSON { .string(String(decoding: bytes, as: UTF8.self)) }

    /// A replacement's pattern: a text that is looked for as it is.
    ///
    /// - Throws: `.format` for none.
    func stringPattern(of part: String) throws(ADPOError) -> [UInt8] {
        guard let text = self["pattern"]?["String"]?.string, !text.isEmpty else {
            throw ADPOError(.format, "\(part) has no pattern")
        }
        return Array(text.utf8)
    }
}
