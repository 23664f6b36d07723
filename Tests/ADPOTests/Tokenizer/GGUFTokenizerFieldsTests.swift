import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Metadata that is malformed, or that we do not read yet, is answered with an error that says so.
struct GGUFTokenizerFieldsTests {
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
        #expect(Self.error { $0.model = "rwkv" } == .unsupported)
        #expect(Self.error { $0.pre = "chameleon" } == .unsupported)
        #expect(Self.error { $0.pre = nil } == .unsupported)
    }
}
