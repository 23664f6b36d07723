import ADPO
import TestSupport
import Testing

/// Text that streams is the text of all tokens, and no part of it cuts a character.
struct TokenDecoderTests {
    @Test(arguments: TokenizerTests.names) func givesWholeCharacters(name: String) throws {
        let tokenizer = try Tokenizer(directory: TokenizerGolden.directory(name))
        for sample in try TokenizerGolden.samples(name) where sample.decoded != nil {
            for skipsSpecial in [false, true] {
                var decoder = TokenDecoder(tokenizer, skipSpecialTokens: skipsSpecial)
                var parts = sample.bare.map { decoder.append($0) }
                parts.append(decoder.finish())
                let whole = tokenizer.decode(sample.bare, skipSpecialTokens: skipsSpecial)
                #expect(Array(parts.joined()) == whole, "\(sample.name)")
                // Vocabularies that lack bytes make text with holes.
                guard isWellFormed(whole) else { continue }
                for part in parts { #expect(isWellFormed(part), "\(sample.name)") }
            }
        }
    }

    private func isWellFormed(_ bytes: [UInt8]) -> Bool {
        String(decoding: bytes, as: UTF8.self).utf8.elementsEqual(bytes)
    }

    @Test func keepsTheSpaceOfATextThatGoesOn() throws {
        let tokenizer = try Tokenizer(directory: TokenizerGolden.directory("llama2"))
        let ids = tokenizer.encode("The quick", addSpecialTokens: false)
        #expect(tokenizer.decode(ids) == Array("The quick".utf8))
        #expect(tokenizer.decode(ids, continuesText: true) == Array(" The quick".utf8))
        let two = tokenizer.encode("  The", addSpecialTokens: false)
        #expect(tokenizer.decode(two) == Array("  The".utf8))
    }

    @Test func holdsACharactersBytesBack() throws {
        let tokenizer = try Tokenizer(directory: TokenizerGolden.directory("llama2"))
        let ids = tokenizer.encode("😀", addSpecialTokens: false)
        #expect(ids.count == 5)
        var decoder = TokenDecoder(tokenizer)
        let parts = ids.map { decoder.append($0) }
        #expect(parts.last == Array("😀".utf8))
        #expect(parts.dropLast().joined().isEmpty)
        #expect(decoder.finish().isEmpty)
        // What never becomes a character comes at the end.
        for id in ids.dropFirst().dropLast() { #expect(decoder.append(id).isEmpty) }
        #expect(decoder.finish() == Array("😀".utf8.dropLast()))
    }
}
