import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Tokenizers in the style of SentencePiece in GGUF files, and on their way between both kinds.
struct SentencePieceTests {
    static let names = ["llama2", "gemma"]

    private func fields(_ name: String) throws -> GGUFTokenizerFields {
        let path = TokenizerGolden.directory(name) + "/vocab.gguf"
        return try GGUFTokenizerFields(GGUFFile(path: path).metadata, source: path)
    }

    private func description(_ name: String) throws -> TokenizerDescription {
        try TokenizerDirectory.description(TokenizerGolden.directory(name))
    }

    @Test(arguments: names) func encodesAsLlamaCppDoes(name: String) throws {
        try TokenizerGolden.expect(Tokenizer(fields(name)), encodesAs: "\(name).gguf")
    }

    @Test(arguments: names) func givesTheSameIDsFromGGUFMetadata(name: String) throws {
        let tokenizer = try Tokenizer(fields(name))
        try expect(tokenizer, encodesAs: name)
        let reference = try Tokenizer(directory: TokenizerGolden.directory(name))
        for sample in try TokenizerGolden.samples(name) {
            #expect(tokenizer.decode(sample.bare) == reference.decode(sample.bare))
        }
    }

    /// llama.cpp's converter writes user-defined tokens of U+2581 as spaces, so that this character
    /// itself, which no text has, reads differently.
    private func expect(_ tokenizer: Tokenizer, encodesAs name: String) throws {
        try TokenizerGolden.expect(tokenizer, encodesAs: name) {
            name != "gemma" || !$0.text.unicodeScalars.contains("\u{2581}")
        }
    }

    @Test(arguments: names) func goesToGGUF(name: String) throws {
        let description = try description(name)
        let ours = try GGUFTokenizerFields(description, count: description.vocabulary.count + 2)
        let theirs = try fields(name)
        #expect(ours.model == theirs.model)
        #expect(ours.tokenTypes?.dropLast(2) == theirs.tokenTypes?[...])
        #expect(ours.tokenTypes?.suffix(2) == [5, 5])
        #expect(ours.addSpacePrefix == theirs.addSpacePrefix)
        #expect(ours.addBOSToken == theirs.addBOSToken)
        #expect(ours.bosTokenID == theirs.bosTokenID)
        #expect(ours.eosTokenID == theirs.eosTokenID)
        #expect(ours.unknownTokenID == theirs.unknownTokenID)
        try TokenizerGolden.expect(Tokenizer(ours), encodesAs: name)
    }

    @Test(arguments: names) func comesFromGGUF(name: String) throws {
        let fields = try fields(name)
        try withTemporaryDirectory { directory in
            try AtomicFile.write(
                Array(try TokenizerFile.json(fields).text.utf8), to: directory + "/tokenizer.json")
            try expect(Tokenizer(directory: directory), encodesAs: name)
        }
    }

    @Test func refusesWhatGGUFCannotSay() throws {
        func expectRefusal(_ description: TokenizerDescription, _ part: String) {
            let error = #expect(throws: ADPOError.self) {
                try GGUFTokenizerFields(description, count: 1 << 16)
            }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains(part) == true, "\(String(describing: error))")
        }
        expectRefusal(try description("mistral"), "pre-tokenizers")
        expectRefusal(try description("metaspace"), "pre-tokenizers")
        expectRefusal(try description("phi3"), "takes spaces with it")
        var other = try description("llama2")
        other.model.fallsBackToBytes = false
        expectRefusal(other, "bytes without a token")
        other = try description("llama2")
        other.addedTokens[0].isNormalized = true
        expectRefusal(other, "normalized text")
        guard case .listed(var merges) = other.model.merges else { return }
        other = try description("llama2")
        other.model.merges = .listed(Array(merges.dropLast()))
        expectRefusal(other, "of all their parts")
        let twice = try #require(
            Dictionary(grouping: merges, by: \.merged).values.first { $0.count > 1 })
        merges.removeAll { $0.left == twice[0].left && $0.right == twice[0].right }
        other.model.merges = .listed(merges + [twice[0]])
        expectRefusal(other, "at different times")
    }

    @Test func refusesMalformedMetadata() throws {
        func error(_ change: (inout GGUFTokenizerFields) -> Void) throws -> ADPOError? {
            var fields = try fields("llama2")
            change(&fields)
            do {
                _ = try Tokenizer(fields)
                return nil
            } catch { return error }
        }
        #expect(try error { _ in } == nil)
        #expect(try error { $0.scores = nil }?.code == .format)
        #expect(try error { $0.scores?.removeLast() }?.code == .format)
        #expect(try error { $0.scores?[5] = .nan }?.code == .format)
        #expect(try error { $0.tokenTypes?.removeLast() }?.code == .format)
        #expect(try error { $0.bosTokenID = 1 << 20 }?.code == .format)
        #expect(try error { $0.removeExtraWhitespaces = true }?.code == .unsupported)
    }

    /// A text without a break is one word; its time must not grow with its square.
    @Test(arguments: names) func readsAMillionCharactersAsOneWord(name: String) throws {
        let tokenizer = try Tokenizer(fields(name))
        for piece in ["a", " ", "ab", "😀", "\u{2581}x"] {
            let count = 1_000_000 / piece.utf8.count
            let ids = tokenizer.encode(String(repeating: piece, count: count))
            #expect(tokenizer.decode(ids.dropFirst()).count >= count)
        }
    }
}
