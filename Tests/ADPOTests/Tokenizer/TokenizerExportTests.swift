import ADPO
import ADPOBase
import TestSupport
import Testing

/// Tokenizers on their way from one kind of file to the other.
struct TokenizerExportTests {
    static let names = [
        ("gpt2", "gpt-2"), ("smollm", "smollm"), ("llama3", "llama-bpe"), ("qwen2", "qwen2"),
        ("gpt4o", "gpt-4o"), ("tekken", "tekken"), ("gpt_neox", "olmo"),
    ]

    private func description(_ name: String) throws -> TokenizerDescription {
        try TokenizerDirectory.description(TokenizerGolden.directory(name))
    }

    /// The fields that llama.cpp's converter writes, and from them the ids of the golden.
    @Test(arguments: names)
    func goesToGGUF(_ name: String, _ pre: String) throws {
        let description = try description(name)
        let count = description.vocabulary.count
        let fields = try GGUFTokenizerFields(description, count: count + 3)
        let theirs = try TokenizerGolden.ggufFields(name, pre: pre)
        #expect(fields.pre == pre)
        #expect(fields.model == "gpt2")
        #expect(ByteStrings(fields.tokens.prefix(count)) == theirs.tokens)
        #expect(fields.tokenTypes?.prefix(count) == theirs.tokenTypes?[...])
        #expect(fields.merges == theirs.merges)
        #expect(fields.bosTokenID == theirs.bosTokenID)
        #expect(fields.eosTokenID == theirs.eosTokenID)
        // Ids without a token.
        #expect(fields.tokens[count].elementsEqual("[PAD\(count)]".utf8))
        #expect(fields.tokenTypes?.suffix(3) == [5, 5, 5])
        try TokenizerGolden.expect(Tokenizer(fields), encodesAs: name)
    }

    /// And from the fields to a tokenizer.json.
    @Test(arguments: names)
    func comesFromGGUF(_ name: String, _ pre: String) throws {
        let source = try description(name)
        let fields = try GGUFTokenizerFields(source, count: source.vocabulary.count)
        try withTemporaryDirectory { directory in
            try AtomicFile.write(
                Array(try TokenizerFile.json(fields).text.utf8),
                to: directory + "/tokenizer.json")
            try TokenizerGolden.expect(Tokenizer(directory: directory), encodesAs: name)
        }
    }

    @Test func refusesWhatGGUFCannotSay() throws {
        func expectRefusal(_ description: TokenizerDescription, _ count: Int, _ part: String) {
            let error = #expect(throws: ADPOError.self) {
                try GGUFTokenizerFields(description, count: count)
            }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains(part) == true, "\(String(describing: error))")
        }
        let count = try description("smollm").vocabulary.count
        expectRefusal(try description("added"), 1 << 20, "pre-tokenizer")
        expectRefusal(try description("smollm"), count - 1, "does not score")
        var other = try description("smollm")
        other.addedTokens[0].stripsLeft = true
        expectRefusal(other, count, "the added token <|endoftext|>")
        other = try description("smollm")
        other.suffix = [0, 1]
        expectRefusal(other, count, "added to each text")
    }

    @Test func refusesATokenThatJSONCannotHold() throws {
        let source = try description("smollm")
        var fields = try GGUFTokenizerFields(source, count: source.vocabulary.count)
        fields.tokens.append([0xFF, 0xFE])
        fields.tokenTypes?.append(1)
        let error = #expect(throws: ADPOError.self) { try TokenizerFile.json(fields) }
        #expect(error?.code == .unsupported)
    }
}
