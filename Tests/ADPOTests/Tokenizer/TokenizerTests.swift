import ADPO
import ADPOBase
import TestSupport
import Testing

/// Ids and texts equal those of the `tokenizers` package (Tests/Golden/make_tokenizers.py).
struct TokenizerTests {
    static let names = [
        "gpt2", "smollm", "llama3", "qwen2", "gpt4o", "tekken", "gpt_neox", "added", "llama2",
        "mistral", "phi3",
        "gemma", "metaspace",
    ]

    @Test(arguments: names) func encodesAsTokenizersDoes(name: String) throws {
        try TokenizerGolden.expect(
            Tokenizer(directory: TokenizerGolden.directory(name)), encodesAs: name)
    }

    @Test(arguments: names) func decodesAsTokenizersDoes(name: String) throws {
        let tokenizer = try Tokenizer(directory: TokenizerGolden.directory(name))
        for sample in try TokenizerGolden.samples(name) {
            guard let decoded = sample.decoded else { continue }
            let text = String(decoding: tokenizer.decode(sample.bare), as: UTF8.self)
            #expect(text.utf8.elementsEqual(decoded.utf8), "\(sample.name)")
            let skipped = tokenizer.decode(sample.bare, skipSpecialTokens: true)
            #expect(
                String(decoding: skipped, as: UTF8.self).utf8.elementsEqual(sample.skipped.utf8),
                "\(sample.name)")
        }
    }

    @Test(arguments: [
        ("gpt2", "gpt-2"), ("smollm", "smollm"), ("llama3", "llama-bpe"), ("qwen2", "qwen2"),
        ("gpt4o", "gpt-4o"), ("tekken", "tekken"), ("gpt_neox", "olmo"),
    ])
    func givesTheSameIDsFromGGUFMetadata(name: String, pre: String) throws {
        let fields = try TokenizerGolden.ggufFields(name, pre: pre)
        let tokenizer = try Tokenizer(fields)
        try TokenizerGolden.expect(tokenizer, encodesAs: name)
        let reference = try Tokenizer(directory: TokenizerGolden.directory(name))
        for sample in try TokenizerGolden.samples(name) {
            #expect(tokenizer.decode(sample.bare) == reference.decode(sample.bare))
        }
    }

    @Test func knowsTheSpecialTokens() throws {
        let gpt2 = try Tokenizer(directory: TokenizerGolden.directory("gpt2"))
        #expect(gpt2.vocabularySize == 639)
        #expect([gpt2.bos, gpt2.eos, gpt2.pad, gpt2.unknown] == [638, 638, nil, 638])
        let smollm = try Tokenizer(directory: TokenizerGolden.directory("smollm"))
        #expect([smollm.bos, smollm.eos, smollm.pad, smollm.unknown] == [1, 2, 2, 0])
        let llama3 = try Tokenizer(directory: TokenizerGolden.directory("llama3"))
        #expect(try llama3.decode([#require(llama3.eos)]) == Array("<|eot_id|>".utf8))
        #expect(try llama3.decode([#require(llama3.bos)]) == Array("<|begin_of_text|>".utf8))
        let added = try Tokenizer(directory: TokenizerGolden.directory("added"))
        #expect([added.bos, added.eos, added.pad, added.unknown] == [nil, 1, nil, 0])
    }

    @Test(arguments: ["gpt2", "llama2"])
    func readsIllFormedUTF8AsReplacementCharacters(name: String) throws {
        let tokenizer = try Tokenizer(directory: TokenizerGolden.directory(name))
        // The replacements as Python's errors="replace" makes them.
        let cases: [([UInt8], String)] = [
            ([0x61, 0xFF, 0x62], "a\u{FFFD}b"),
            ([0xE6, 0x97], "\u{FFFD}"),
            ([0xF0, 0x9F, 0x98, 0x61], "\u{FFFD}a"),
            ([0xC0, 0xAF, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
        ]
        for (bytes, text) in cases {
            #expect(tokenizer.encode(utf8: bytes) == tokenizer.encode(text), "\(bytes)")
        }
    }

    @Test func dividesPromptAndCompletionAtTheirCommonPrefix() throws {
        let tokenizer = try Tokenizer(directory: TokenizerGolden.directory("llama3"))
        let split = tokenizer.encode(prompt: "The quick".utf8, completion: " brown fox".utf8)
        #expect(split.ids == tokenizer.encode("The quick brown fox"))
        #expect(split.promptCount == tokenizer.encode("The quick").count)
        // "qu" and "ick" belong to one token, which is the completion's.
        let inside = tokenizer.encode(prompt: "The qu".utf8, completion: "ick brown".utf8)
        #expect(inside.ids == tokenizer.encode("The quick brown"))
        #expect(inside.promptCount == tokenizer.encode("The").count)
        let empty = tokenizer.encode(prompt: "".utf8, completion: "The".utf8)
        #expect(empty.promptCount == 1)
    }

    @Test func idsWithoutATokenAreNothing() throws {
        let tokenizer = try Tokenizer(directory: TokenizerGolden.directory("gpt2"))
        for id in [-1, 639, Int32.max, Int32.min] {
            #expect(tokenizer.decode([0, id, 0]) == tokenizer.decode([0, 0]))
        }
        #expect(tokenizer.decode([]).isEmpty)
    }
}
