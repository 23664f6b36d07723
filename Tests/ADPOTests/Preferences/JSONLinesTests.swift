import ADPO
import ADPOBase
import TestSupport
import Testing

struct JSONLinesTests {
    static let line = #"{"prompt": "a", "chosen": "b", "rejected": "c", "source": [1, {}]}"#

    private func bytesAsTokens(vocabulary: Int) -> PreferenceDataset {
        PreferenceDataset(vocabulary: vocabulary, tokenizer: .bytes(eos: 36))
    }

    /// A dataset with one pair, after an attempt to add those of a file with these bytes.
    private func load(
        _ bytes: [UInt8], into dataset: inout PreferenceDataset, path: inout String
    ) throws {
        var template = Array("/tmp/adpo-pairs-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        path = template.withUnsafeBufferPointer { name in
            String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        defer { unlink(path) }
        try #require(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        try dataset.append(jsonLines: path)
    }

    @Test(arguments: [
        line, line + "\n", "\u{FEFF}" + line, line + "\r\n\r\n", "\n \t\n" + line + "\n\n",
    ])
    func readsAPair(_ text: String) throws {
        var dataset = bytesAsTokens(vocabulary: 256)
        var path = ""
        try load(Array(text.utf8), into: &dataset, path: &path)
        #expect(
            dataset.pairs == [
                try PreferencePair(prompt: [97], chosen: [98, 36], rejected: [99, 36])
            ])
    }

    @Test(arguments: ["", "\n", "\u{FEFF}"])
    func readsNoPair(_ text: String) throws {
        var dataset = bytesAsTokens(vocabulary: 256)
        var path = ""
        try load(Array(text.utf8), into: &dataset, path: &path)
        #expect(dataset.pairs.isEmpty)
    }

    /// Line separators of Unicode are text.
    @Test func readsTextAsItIs() throws {
        var dataset = bytesAsTokens(vocabulary: 256)
        var path = ""
        let row = "{\"prompt\": \"\u{2028}\", \"chosen\": \"b\", \"rejected\": \"\\u0000\"}"
        try load(Array(row.utf8), into: &dataset, path: &path)
        let pair = try #require(dataset.pairs.first)
        #expect(pair.prompt == "\u{2028}".utf8.map { Int32($0) })
        #expect(pair.rejected == [0, 36])
    }

    /// A file in Latin-1, say.
    @Test func refusesWhatIsNotUTF8() throws {
        var dataset = bytesAsTokens(vocabulary: 256)
        var path = ""
        let row = Array(Self.line.utf8)
        let error = #expect(throws: ADPOError.self) {
            try load(row + [0x0A] + row.map { $0 == 0x62 ? 0xFC : $0 }, into: &dataset, path: &path)
        }
        #expect(error?.code == .format)
        #expect(error?.message.hasPrefix("\(path), line 2 is not UTF-8, from byte 27 on") == true)
        #expect(dataset.pairs.isEmpty)
    }

    @Test(arguments: [
        (
            #"{"prompt": "a", "rejected": "c"}"#, ADPOError.Code.format,
            #": "chosen" is missing; a row is"#
        ),
        (
            #"{"prompt": "a", "chosen": 1, "rejected": "c"}"#, .format,
            #": "chosen" is not a string"#
        ),
        (
            #"{"prompt": [], "chosen": "a", "rejected": ""}"#, .format,
            #": "prompt" is not a string"#
        ),
        (#"["a", "b", "c"]"#, .format, ": not a JSON object; a row is"),
        (#"{"prompt": "a""#, .format, " is not valid JSON: ',' or '}' is missing at byte 14"),
        (
            #"{"prompt": "a", "chosen": "", "rejected": "c"}"#, .invalidArgument,
            ": the chosen response"
        ),
        (
            #"{"prompt": "", "chosen": "b", "rejected": "c"}"#, .invalidArgument,
            ": the prompt has no"
        ),
        (
            #"{"prompt": "é", "chosen": "b", "rejected": "c"}"#, .invalidArgument,
            ": token id 195 is"
        ),
    ])
    func namesTheLineAndAddsNothing(_ bad: String, _ code: ADPOError.Code, _ message: String) throws
    {
        var dataset = bytesAsTokens(vocabulary: 128)
        let pair = try PreferencePair(prompt: [1], chosen: [2], rejected: [3])
        try dataset.append(pair)
        var path = ""
        let error = #expect(throws: ADPOError.self) {
            try load(
                Array("\(Self.line)\r\n\n\(bad)\n\(Self.line)\n".utf8), into: &dataset, path: &path)
        }
        #expect(error?.code == code)
        #expect(
            error?.message.hasPrefix("\(path), line 3\(message)") == true,
            "\(String(describing: error))")
        #expect(dataset.pairs == [pair])
    }

    @Test func saysThatAFileIsMissing() {
        var dataset = bytesAsTokens(vocabulary: 128)
        let error = #expect(throws: ADPOError.self) {
            try dataset.append(jsonLines: "/nonexistent/pairs.jsonl")
        }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("/nonexistent/pairs.jsonl") == true)
    }
}
