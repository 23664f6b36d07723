import ADPO
import ADPOBase
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
        #"{"type":"WordPiece","vocab":{"a":0}}"#,
        #"{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":0.1}"#,
        #"{"type":"BPE","vocab":{"a":0},"merges":[],"end_of_word_suffix":"</w>"}"#,
    ])
    func doesNotSupportOtherModels(model: String) throws {
        #expect(try Self.error(model: model)?.code == .unsupported)
    }

    @Test func quotesAnUnknownPattern() throws {
        let split =
            #"{"type":"Split","pattern":{"Regex":"\\w+(?<=x)"},"behavior":"Isolated","invert":false}"#
        let error = try Self.error(
            preTokenizer: #"{"type":"Sequence","pretokenizers":[\#(split),\#(Self.byteLevel)]}"#)
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains(#"'(?<' in the regular expression \w+(?<=x)"#) == true)
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
        #expect(try Self.error(normalizer: #"{"type":"BertNormalizer"}"#)?.code == .unsupported)
        #expect(try Self.error(decoder: #"{"type":"WordPiece"}"#)?.code == .unsupported)
        #expect(try Self.error(decoder: "null")?.code == .unsupported)
        #expect(
            try Self.error(postProcessor: #"{"type":"BertProcessing"}"#)?.code == .format)
        #expect(
            try Self.error(postProcessor: #"{"type":"TemplateProcessing","single":[]}"#)?.code
                == .unsupported)
    }

    /// With the decoder of SentencePiece's tokenizers, and without ByteLevel.
    private static func error(
        normalizer: String = "null", preTokenizer: String = "null", steps: String
    ) throws -> ADPOError? {
        try error(
            model: #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}"#,
            normalizer: normalizer, preTokenizer: preTokenizer,
            decoder: #"{"type":"Sequence","decoders":[\#(steps)]}"#)
    }

    private static let fuse = #"{"type":"Fuse"}"#
    private static let strip = #"{"type":"Strip","content":" ","start":1,"stop":0}"#
    private static let replace = #"{"type":"Replace","pattern":{"String":"a"},"content":" "}"#

    @Test func knowsDecodersInTheirOrderOnly() throws {
        #expect(try Self.error(steps: "\(Self.replace),\(Self.fuse),\(Self.strip)") == nil)
        #expect(try Self.error(steps: "\(Self.strip),\(Self.fuse)")?.code == .unsupported)
        #expect(try Self.error(steps: "\(Self.strip)")?.code == .unsupported)
        #expect(try Self.error(steps: "\(Self.fuse),\(Self.replace)")?.code == .unsupported)
        #expect(try Self.error(steps: "\(Self.fuse),\(Self.byteLevel)")?.code == .unsupported)
        let right = Self.strip.replacing("\"stop\":0", with: "\"stop\":1")
        #expect(try Self.error(steps: "\(Self.fuse),\(right)")?.code == .unsupported)
        let two = Self.strip.replacing("\" \"", with: "\"  \"")
        #expect(try Self.error(steps: "\(Self.fuse),\(two)")?.code == .format)
    }

    @Test func refusesPartsWithoutTheirOptions() throws {
        func code(normalizer: String) throws -> ADPOError.Code? {
            try Self.error(normalizer: normalizer, steps: Self.fuse)?.code
        }
        #expect(try code(normalizer: #"{"type":"Prepend"}"#) == .format)
        #expect(try code(normalizer: #"{"type":"Replace","pattern":{"String":"a"}}"#) == .format)
        let empty = #"{"type":"Replace","pattern":{"String":""},"content":"b"}"#
        #expect(try code(normalizer: empty) == .format)
        let expression = #"{"type":"Replace","pattern":{"Regex":"(?<=a)b"},"content":"b"}"#
        #expect(try code(normalizer: expression) == .unsupported)
        let map = #"{"type":"Precompiled","precompiled_charsmap":"////AAAA"}"#
        #expect(try code(normalizer: map) == .format)
        func code(preTokenizer: String) throws -> ADPOError.Code? {
            try Self.error(preTokenizer: preTokenizer, steps: Self.fuse)?.code
        }
        #expect(try code(preTokenizer: #"{"type":"Metaspace"}"#) == .format)
        let scheme = #"{"type":"Metaspace","replacement":"_","prepend_scheme":"last"}"#
        #expect(try code(preTokenizer: scheme) == .unsupported)
        let behavior = #"{"type":"Split","pattern":{"String":" "},"behavior":"Glued"}"#
        #expect(try code(preTokenizer: behavior) == .unsupported)
    }

    /// A file must not turn a text of a megabyte into one that fills the memory.
    @Test func boundsHowMuchLongerTextBecomes() throws {
        func sequence(_ content: Int, _ count: Int) -> String {
            let content = String(repeating: "a", count: content)
            let part = #"{"type":"Replace","pattern":{"String":"a"},"content":"\#(content)"}"#
            let parts = Array(repeating: part, count: count).joined(separator: ",")
            return #"{"type":"Sequence","normalizers":[\#(parts)]}"#
        }
        #expect(try Self.error(normalizer: sequence(8, 2), steps: Self.fuse) == nil)
        #expect(try Self.error(normalizer: sequence(8, 3), steps: Self.fuse)?.code == .unsupported)
        #expect(try Self.error(normalizer: sequence(65, 1), steps: Self.fuse)?.code == .unsupported)
        #expect(try Self.error(normalizer: sequence(64, 8), steps: Self.fuse)?.code == .unsupported)
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
}
