import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Files that are malformed, or that we do not read yet, are answered with an error that says so.
struct TokenizerFileTests {
    private static let byteLevel =
        #"{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}"#

    /// The error for a tokenizer.json of these parts; nil when it is read.
    private static func error(
        model: String = #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}"#,
        added: String = "[]", normalizer: String = "null", preTokenizer: String = byteLevel,
        postProcessor: String = "null", decoder: String = byteLevel
    ) throws -> ADPOError? {
        try error(
            file: """
                {"added_tokens": \(added), "normalizer": \(normalizer),
                "pre_tokenizer": \(preTokenizer), "post_processor": \(postProcessor),
                "decoder": \(decoder), "model": \(model)}
                """)
    }

    private static func error(file text: String) throws -> ADPOError? {
        var template = Array("/tmp/adpo-tokenizer-XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        let path = directory + "/tokenizer.json"
        defer {
            unlink(path)
            rmdir(directory)
        }
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
        do {
            _ = try Tokenizer(directory: directory)
            return nil
        } catch {
            #expect(error.message.contains(path))
            return error
        }
    }

    @Test func readsTheSmallestTokenizer() throws {
        #expect(try Self.error() == nil)
    }

    @Test(arguments: [
        "null",
        "{}",
        #"{"type":"BPE","vocab":[],"merges":[]}"#,
        #"{"type":"BPE","vocab":{"a":-1},"merges":[]}"#,
        #"{"type":"BPE","vocab":{"a":1e300},"merges":[]}"#,
        #"{"type":"BPE","vocab":{"a":"0"},"merges":[]}"#,
        #"{"type":"BPE","vocab":{"a":2097152},"merges":[]}"#,
        #"{"type":"BPE","vocab":{"a":9223372036854775807},"merges":[]}"#,
        #"{"type":"BPE","vocab":{"a":0,"b":0},"merges":[]}"#,
        #"{"type":"BPE","vocab":{"a":0,"a":1},"merges":[]}"#,
        #"{"type":"BPE","vocab":{"a":0},"merges":["a b"]}"#,
        #"{"type":"BPE","vocab":{"a":0,"b":1},"merges":["a b"]}"#,
        #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["ab"]}"#,
        #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b a"]}"#,
        #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a"]]}"#,
        #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[7]}"#,
        #"{"type":"BPE","vocab":{"a":0},"merges":[],"unk_token":"<unk>"}"#,
    ])
    func refusesMalformedModels(model: String) throws {
        #expect(try Self.error(model: model)?.code == .format)
    }

    @Test(arguments: [
        #"{"type":"Unigram","vocab":[["a",0]]}"#,
        #"{"type":"WordPiece","vocab":{"a":0}}"#,
        #"{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}"#,
        #"{"type":"BPE","vocab":{"a":0},"merges":[],"end_of_word_suffix":"</w>"}"#,
    ])
    func doesNotSupportOtherModels(model: String) throws {
        #expect(try Self.error(model: model)?.code == .unsupported)
    }

    @Test func quotesAnUnknownPattern() throws {
        let split =
            #"{"type":"Split","pattern":{"Regex":"\\w+|x"},"behavior":"Isolated","invert":false}"#
        let error = try Self.error(
            preTokenizer: #"{"type":"Sequence","pretokenizers":[\#(split),\#(Self.byteLevel)]}"#)
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(#"\w+|x"#) == true)
    }

    @Test(arguments: [
        "null", #"{"type":"Whitespace"}"#, #"{"type":"Digits","individual_digits":true}"#,
        #"{"type":"Sequence","pretokenizers":[\#(byteLevel),{"type":"Digits"}]}"#, "7",
    ])
    func doesNotSupportOtherPreTokenizers(preTokenizer: String) throws {
        #expect(try Self.error(preTokenizer: preTokenizer)?.code == .unsupported)
    }

    @Test func doesNotSupportVeryManySteps() throws {
        let digits = Array(repeating: #"{"type":"Digits"}"#, count: 1000).joined(separator: ",")
        let error = try Self.error(
            preTokenizer: #"{"type":"Sequence","pretokenizers":[\#(digits),\#(Self.byteLevel)]}"#)
        #expect(error?.code == .unsupported)
    }

    /// Texts would take time that grows with the product of both lengths.
    @Test func doesNotSupportVeryLongAddedTokens() throws {
        func error(_ length: Int) throws -> ADPOError? {
            let model = #"{"type":"BPE","vocab":{"a":0,"b":1},"merges":[]}"#
            let token = String(repeating: "a", count: length)
            return try Self.error(model: model, added: #"[{"content":"\#(token)"}]"#)
        }
        #expect(try error(1024) == nil)
        #expect(try error(1025)?.code == .unsupported)
    }

    @Test func doesNotSupportVeryLongTemplates() throws {
        let piece = #"{"SpecialToken":{"id":"a","type_id":0}}"#
        let pieces = Array(repeating: piece, count: 100_000).joined(separator: ",")
        let error = try Self.error(
            postProcessor: """
                {"type":"TemplateProcessing", "single": [\(pieces)],
                "special_tokens":{"a":{"id":"a","ids":[0],"tokens":["a"]}}}
                """)
        #expect(error?.code == .unsupported)
    }

    @Test func doesNotSupportOtherParts() throws {
        #expect(try Self.error(normalizer: #"{"type":"NFKC"}"#)?.code == .unsupported)
        #expect(try Self.error(decoder: #"{"type":"WordPiece"}"#)?.code == .unsupported)
        #expect(try Self.error(decoder: "null")?.code == .unsupported)
        #expect(
            try Self.error(postProcessor: #"{"type":"BertProcessing"}"#)?.code == .unsupported)
        #expect(
            try Self.error(postProcessor: #"{"type":"TemplateProcessing","single":[]}"#)?.code
                == .unsupported)
    }

    @Test(arguments: ["-1", "3", "1e12", #""0""#])
    func refusesTemplatesWithImproperIDs(id: String) throws {
        let template = """
            {"type":"TemplateProcessing", "single": [
            {"SpecialToken":{"id":"<s>","type_id":0}}, {"Sequence":{"id":"A","type_id":0}}],
            "special_tokens":{"<s>":{"id":"<s>","ids":[\(id)],"tokens":["<s>"]}}}
            """
        #expect(try Self.error(postProcessor: template)?.code == .format)
    }

    @Test func refusesAddedTokensWithoutRoom() throws {
        #expect(try Self.error(added: #"[{"id":3}]"#)?.code == .format)
        let model = #"{"type":"BPE","vocab":{"a":0,"b":2},"merges":[]}"#
        #expect(try Self.error(model: model, added: #"[{"content":"<x>"}]"#)?.code == .format)
    }

    @Test func refusesWhatIsNotJSON() throws {
        #expect(try Self.error(file: "")?.code == .format)
        #expect(try Self.error(file: "GGUF")?.code == .format)
        let error = #expect(throws: ADPOError.self) { try Tokenizer(directory: "/nonexistent") }
        #expect(error?.code == .notFound)
    }

    // MARK: GGUF

    private static func strings(_ strings: String...) -> ByteStrings {
        ByteStrings(strings.map(\.utf8))
    }

    private static func fields() -> GGUFTokenizerFields {
        GGUFTokenizerFields(
            model: "gpt2", pre: "gpt-2", tokens: strings("a", "b", "ab"), merges: strings("a b"))
    }

    private static func error(_ change: (inout GGUFTokenizerFields) -> Void) -> ADPOError.Code? {
        var fields = Self.fields()
        change(&fields)
        do {
            _ = try Tokenizer(fields)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func refusesMalformedGGUFMetadata() {
        #expect(Self.error { _ in } == nil)
        #expect(Self.error { $0.tokens = Self.strings("a", "b", "ab", "", "") } == nil)
        #expect(Self.error { $0.tokenTypes = [1] } == .format)
        #expect(Self.error { $0.tokens = Self.strings("a", "a", "ab") } == .format)
        #expect(Self.error { $0.merges = Self.strings("a c") } == .format)
        #expect(Self.error { $0.merges = Self.strings("") } == .format)
        #expect(Self.error { $0.eosTokenID = 3 } == .format)
        #expect(Self.error { $0.eosTokenID = -1 } == .format)
        #expect(Self.error { $0.bosTokenID = .max } == .format)
    }

    /// Arrays of another type are no arrays that are missing: merges would silently be none.
    @Test(arguments: [
        ("tokens", GGUFNewValue.int32s([1])), ("merges", .text("a b")), ("merges", .int32s([1])),
        ("token_type", .strings([[0x31]])),
    ])
    func refusesGGUFArraysOfAnotherType(_ key: String, _ value: GGUFNewValue) throws {
        var writer = GGUFWriter()
        writer.set("tokenizer.ggml.model", .text("gpt2"))
        writer.set("tokenizer.ggml.tokens", .strings([Array("a".utf8)]))
        writer.set("tokenizer.ggml.merges", .strings([]))
        writer.set("tokenizer.ggml.\(key)", value)
        try withTemporaryDirectory { directory in
            try writer.write([], to: directory + "/a.gguf") { (_, _) throws(ADPOError) in }
            let metadata = try GGUFFile(path: directory + "/a.gguf").metadata
            let error = #expect(throws: ADPOError.self) {
                try GGUFTokenizerFields(metadata, source: "a.gguf")
            }
            #expect(error?.code == .format)
            #expect(error?.message.contains(key) == true)
        }
    }

    /// llama.cpp refuses it, too; an empty list is one.
    @Test func refusesGGUFTokenizersWithoutMerges() throws {
        var writer = GGUFWriter()
        writer.set("tokenizer.ggml.model", .text("gpt2"))
        writer.set("tokenizer.ggml.tokens", .strings([Array("a".utf8)]))
        try withTemporaryDirectory { directory in
            func fields() throws -> GGUFTokenizerFields {
                try writer.write([], to: directory + "/a.gguf") { (_, _) throws(ADPOError) in }
                return try GGUFTokenizerFields(
                    GGUFFile(path: directory + "/a.gguf").metadata, source: "a.gguf")
            }
            let error = #expect(throws: ADPOError.self) { try fields() }
            #expect(error?.code == .format)
            #expect(error?.message.contains("tokenizer.ggml.merges is missing") == true)
            writer.set("tokenizer.ggml.merges", .strings([]))
            let none = try fields().merges
            #expect(none.isEmpty)
        }
    }

    @Test func doesNotSupportOtherGGUFTokenizers() {
        #expect(Self.error { $0.model = "t5" } == .unsupported)
        #expect(Self.error { $0.pre = "deepseek-llm" } == .unsupported)
        #expect(Self.error { $0.pre = nil } == .unsupported)
    }
}
