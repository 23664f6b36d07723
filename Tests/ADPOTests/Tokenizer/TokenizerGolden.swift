import ADPO
import ADPOBase
import TestSupport
import Testing

/// The texts of Tests/Golden/tokenizers.json and what the `tokenizers` package makes of them.
enum TokenizerGolden {
    struct Sample {
        var text: String
        /// The text, or the start of a long one, for messages.
        var name: String
        /// With special tokens added; without; and with them added but the text's own not parsed.
        var ids: [Int32]
        var bare: [Int32]
        var plain: [Int32]
        /// The bare ids as text, with and without special tokens.
        var decoded: String?
        var skipped: String
    }

    static func directory(_ name: String) -> String { Fixture.path("Fixtures/tokenizers/\(name)") }

    static func samples(_ name: String, in file: String = "tokenizers.json") throws -> [Sample] {
        let golden = try TestSupport.golden(file)
        let texts = try #require(golden["texts"]?.array)
        let cases = try #require(golden[name]?.array)
        #expect(texts.count == cases.count && !texts.isEmpty)
        return try zip(texts, cases).map { text, expected in
            let piece = try #require(text["text"]?.string)
            let ids = try runs(expected["ids"])
            let bare = try expected["bare"].map { try runs($0) } ?? ids
            let decoded = expected["decoded"]?.string
            return Sample(
                text: String(repeating: piece, count: text["repeat"]?.integer ?? 1), name: piece,
                ids: ids, bare: bare, plain: try expected["plain"].map { try runs($0) } ?? bare,
                decoded: decoded, skipped: expected["skipped"]?.string ?? decoded ?? "")
        }
    }

    /// Each text has the golden's ids.
    static func expect(
        _ tokenizer: Tokenizer, encodesAs name: String,
        where isIncluded: (Sample) -> Bool = { _ in true }
    ) throws {
        for sample in try samples(name) where isIncluded(sample) {
            #expect(tokenizer.encode(sample.text) == sample.ids, "\(sample.name)")
            #expect(
                tokenizer.encode(sample.text, addSpecialTokens: false) == sample.bare,
                "\(sample.name)")
            #expect(
                tokenizer.encode(sample.text, parseSpecialTokens: false) == sample.plain,
                "\(sample.name)")
        }
    }

    /// Ids from ids and their repetitions, by turns.
    private static func runs(_ json: JSON?) throws -> [Int32] {
        let numbers = try #require(json?.array).map { try Int32(#require($0.integer)) }
        return stride(from: 0, to: numbers.count, by: 2).flatMap {
            repeatElement(numbers[$0], count: Int(numbers[$0 + 1]))
        }
    }

    /// A fixture as the converter of llama.cpp writes it into GGUF metadata.
    static func ggufFields(_ name: String, pre: String) throws -> GGUFTokenizerFields {
        let root = try JSON(path: directory(name) + "/tokenizer.json")
        let model = try #require(root["model"])
        let added = try #require(root["added_tokens"]?.array)
        let vocabulary = try #require(model["vocab"]?.members)
        var tokens: [Int: String] = [:]
        for (token, id) in vocabulary { tokens[try #require(id.integer)] = token }
        var types = [Int32](repeating: 1, count: vocabulary.count + added.count)
        for token in added {
            let id = try #require(token["id"]?.integer)
            tokens[id] = try #require(token["content"]?.string)
            types[id] = token["special"]?.bool == true ? 3 : 4
        }
        let ordered = try (0..<tokens.count).map { Array(try #require(tokens[$0]).utf8) }
        let merges = try #require(model["merges"]?.array).map { merge in
            let pair = try #require(merge.array).compactMap(\.string)
            return Array("\(pair[0]) \(pair[1])".utf8)
        }
        var fields = GGUFTokenizerFields(
            model: "gpt2", pre: pre, tokens: ByteStrings(ordered), merges: ByteStrings(merges))
        fields.tokenTypes = Array(types.prefix(ordered.count))
        let reference = try Tokenizer(directory: directory(name))
        fields.bosTokenID = reference.bos.map(Int.init)
        fields.eosTokenID = reference.eos.map(Int.init)
        return fields
    }
}
