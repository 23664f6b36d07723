import ADPO
import ADPOBase
import Foundation
import TestSupport
import Testing

/// Tokenizers in other files than tokenizer.json, Unigram, and patterns of several kinds, beside what
/// `sentencepiece`, `tiktoken` and `tokenizers` make of texts (Tests/Golden/make_tokenizer_files.py).
struct TokenizerDirectoryTests {
    static let names = [
        "model_bpe", "model_unigram", "model_unigram_bytes", "json_unigram", "json_deepseek-llm",
        "json_deepseek-v3", "json_tiny_aya", "json_kimi-k2", "json_cl100k", "vocab", "tekken",
    ]

    private static func path(_ name: String) -> String {
        Fixture.path("Fixtures/tokenizer_files/\(name)")
    }

    @Test(arguments: names) func encodesAndDecodesAsOthers(name: String) throws {
        let tokenizer = try Tokenizer(directory: Self.path(name))
        for sample in try TokenizerGolden.samples(name, in: "tokenizer_files.json") {
            let ids = tokenizer.encode(
                sample.text, addSpecialTokens: false, parseSpecialTokens: false)
            #expect(ids == sample.ids, "\(sample.name)")
            guard let decoded = sample.decoded else { continue }
            let text = String(decoding: tokenizer.decode(sample.ids), as: UTF8.self)
            #expect(text.utf8.elementsEqual(decoded.utf8), "\(sample.name)")
        }
    }

    @Test func exportsToGGUFWhatItCanSay() throws {
        let description = try TokenizerDirectory.description(Self.path("model_bpe"))
        let count = description.vocabulary.count
        let tokenizer = try Tokenizer(GGUFTokenizerFields(description, count: count))
        for sample in try TokenizerGolden.samples("model_bpe", in: "tokenizer_files.json") {
            let ids = tokenizer.encode(
                sample.text, addSpecialTokens: false, parseSpecialTokens: false)
            #expect(ids == sample.ids, "\(sample.name)")
        }
        for name in ["model_unigram", "json_unigram", "tekken", "json_cl100k"] {
            let error = #expect(throws: ADPOError.self) {
                try GGUFTokenizerFields(
                    TokenizerDirectory.description(Self.path(name)), count: 10_000)
            }
            #expect(error?.code == .unsupported)
        }
    }

    @Test func knowsTheSpecialTokensOfEachKind() throws {
        let model = try Tokenizer(directory: Self.path("model_bpe"))
        #expect([model.bos, model.eos, model.unknown] == [1, 2, 0])
        #expect(model.encode("").first == 1)
        #expect(model.encode("</s>", addSpecialTokens: false) == [2])
        let tekken = try Tokenizer(directory: Self.path("tekken"))
        #expect([tekken.bos, tekken.eos, tekken.unknown, tekken.pad] == [1, 2, 0, 11])
        #expect(tekken.encode("[INST]") == [1, 3])
    }

    /// A folder of its own with copies of a fixture's files and others.
    private static func withFolder<T>(
        _ fixture: String, _ others: [String: String] = [:], _ body: (String) throws -> T
    ) throws -> T {
        let folder = NSTemporaryDirectory() + "adpo-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: path(fixture), toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in others {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        return try body(folder)
    }

    @Test func readsWhatTheConfigurationAdds() throws {
        let configuration = """
            {"add_bos_token": false, "eos_token": "<|end|>", "added_tokens_decoder":
            {"1": {"content": "<s>", "special": true, "normalized": false},
            "5000": {"content": "<|end|>", "special": true, "lstrip": true}}}
            """
        let files = ["tokenizer_config.json": configuration]
        try Self.withFolder("model_bpe", files) { folder in
            let tokenizer = try Tokenizer(directory: folder)
            #expect(tokenizer.eos == 5000)
            let ids = tokenizer.encode("a  <|end|>")
            #expect(ids == tokenizer.encode("a") + [5000])
            #expect(ids.first != 1)
        }
        let taken = #"{"added_tokens_decoder": {"300": {"content": "<|end|>"}}}"#
        try Self.withFolder("model_bpe", ["tokenizer_config.json": taken]) { folder in
            let error = #expect(throws: ADPOError.self) { try Tokenizer(directory: folder) }
            #expect(error?.code == .format)
        }
        let other = #"{"tokenizer_class": "WhisperTokenizer"}"#
        try Self.withFolder("vocab", ["tokenizer_config.json": other]) { folder in
            let error = #expect(throws: ADPOError.self) { try Tokenizer(directory: folder) }
            #expect(error?.code == .unsupported)
        }
    }

    /// Files that end early or have other bytes somewhere give errors, or other tokenizers.
    @Test(arguments: [("model_unigram", "tokenizer.model"), ("tekken", "tekken.json")])
    func survivesDamage(name: String, file: String) throws {
        let whole = try Data(contentsOf: URL(fileURLWithPath: "\(Self.path(name))/\(file)"))
        var random = RandomGenerator(seed: 5)
        for trial in 0..<60 {
            var bytes = whole
            if trial % 2 == 0 {
                bytes = bytes.prefix(Int(random.next() % UInt64(whole.count)))
            } else {
                for _ in 0..<8 {
                    bytes[Int(random.next() % UInt64(whole.count))] = UInt8(random.next() & 0xFF)
                }
            }
            try Self.withFolder(name) { folder in
                try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(file)"))
                if let tokenizer = try? Tokenizer(directory: folder) {
                    _ = tokenizer.decode(tokenizer.encode("A text, \u{FDFA}½ ｶﾞ\n  of 12 kinds."))
                }
            }
        }
    }

    @Test func namesTheFilesThatItLooksFor() {
        let error = #expect(throws: ADPOError.self) { try Tokenizer(directory: "/nonexistent") }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("tokenizer.model") == true)
    }
}
