import ADPO
import ADPOBase
import Testing

/// Segments that end where the text says so. Tokens are given as texts, with "|" between them.
struct TextBoundariesTests {
    /// A tokenizer whose ids are places in a list of tokens; 0 is EOS.
    private func segments(_ tokens: [[UInt8]], _ granularity: Granularity) -> [String] {
        let table = [Array("</s>".utf8)] + tokens
        let tokenizer = PairTokenizer(
            eos: 0, encode: { _, _ in [] }, decode: { table[Int($0)] })
        let ids = (1..<table.count).map { table[$0] == table[0] ? 0 : Int32($0) }
        let ends = tokenizer.segmentEnds(of: ids, granularity)
        var start = 0
        return ends.map { end in
            defer { start = end }
            return String(
                decoding: Array(tokens[start..<end].joined(separator: [0x7C])), as: UTF8.self)
        }
    }

    private func segments(_ text: String, _ granularity: Granularity) -> [String] {
        segments(
            text.utf8.split(separator: 0x7C, omittingEmptySubsequences: false).map(Array.init),
            granularity)
    }

    @Test(arguments: [
        ("a|b", ["a|b"]),
        ("a|\n|b", ["a|\n", "b"]),
        ("a|\n|b|\n", ["a|\n", "b|\n"]),
        ("a|\n|b|\n|</s>", ["a|\n", "b|\n|</s>"]),
        ("a|\n|b|</s>|\n", ["a|\n", "b|</s>|\n"]),
        ("a|</s>", ["a|</s>"]),
        ("</s>", ["</s>"]),
        // Blank lines belong to the line before, or at the start to the one after.
        ("a|\n|\n| |\n|b", ["a|\n|\n| |\n", "b"]),
        ("a|\n\n|b", ["a|\n\n", "b"]),
        ("\n|\n|a|\n|b", ["\n|\n|a|\n", "b"]),
        ("\n|\n", ["\n|\n"]),
        ("a|\r\n|b|\r|\n|c", ["a|\r\n", "b|\r|\n", "c"]),
        // A token in which a line ends and another begins goes with the first.
        ("a|\nb|c|.\n\nd|e", ["a|\nb", "c|.\n\nd", "e"]),
        ("a|\nb\nc|d", ["a|\nb\nc", "d"]),
        ("a|  indented|\n|  |b", ["a|  indented|\n", "  |b"]),
    ])
    func findsLines(_ text: String, _ expected: [String]) {
        #expect(segments(text, .lines) == expected)
    }

    @Test(arguments: [
        ("One|.| Two|.", ["One|.", " Two|."]),
        ("One|.| Two|.|</s>", ["One|.", " Two|.|</s>"]),
        ("Is it|?!| Yes| (|no|.)| So", ["Is it|?!", " Yes| (|no|.)", " So"]),
        ("Pi is |3|.|14| here|.| Ok", ["Pi is |3|.|14| here|.", " Ok"]),
        // A number at the start of a line is no sentence.
        ("1|.| Do|.|\n|2|.| Go|.", ["1|.| Do|.|\n", "2|.| Go|."]),
        ("A title|\n\n|Text|.", ["A title|\n\n", "Text|."]),
        ("He said |\"|Go|.|\"| Then", ["He said |\"|Go|.|\"", " Then"]),
        ("He said |\u{201C}|Go|.|\u{201D}| Then", ["He said |\u{201C}|Go|.|\u{201D}", " Then"]),
        ("你好|。|再见|！", ["你好|。", "再见|！"]),
        ("「|好|。|」|再见", ["「|好|。|」", "再见"]),
        ("Wait|...| what|\u{2026}| ok", ["Wait|...", " what|\u{2026}", " ok"]),
        ("Done|.| |\n| |</s>", ["Done|.| |\n| |</s>"]),
        ("Is 4|.| 5", ["Is 4|.| 5"]),
        ("...", ["..."]),
    ])
    func findsSentences(_ text: String, _ expected: [String]) {
        #expect(segments(text, .sentences) == expected)
    }

    /// The three bytes of an ideographic full stop in two tokens, as byte-level BPE splits it.
    @Test func findsSentencesInSplitCharacters() {
        let tokens: [[UInt8]] = [
            [0xE4, 0xBD], [0xA0, 0xE3], [0x80], [0x82, 0xE4], [0xBD, 0xA0],
        ]
        #expect(segments(tokens, .sentences).count == 2)
        #expect(segments([[0xE3], [0xFF, 0x0A], [0xE3, 0x80]], .lines).count == 2)
    }

    @Test(arguments: [
        ("##", "a|##|b", ["a|##", "b"]),
        ("##", "a|#|#|b|##|</s>", ["a|#|#", "b|##|</s>"]),
        ("##", "a###|#b|c", ["a###", "#b", "c"]),
        ("##", "a####b|c|##", ["a####b", "c|##"]),
        ("##", "a|b", ["a|b"]),
        ("##", "##|a", ["##", "a"]),
        ("\n\n", "a|\n|b|\n\n|\n\n|c", ["a|\n|b|\n\n", "\n\n", "c"]),
        ("</s>", "a|b|</s>", ["a|b|</s>"]),
        ("é", "e\u{301}|é|b", ["e\u{301}|é", "b"]),
    ])
    func findsDelimiters(_ delimiter: String, _ text: String, _ expected: [String]) {
        #expect(segments(text, .delimiter(delimiter)) == expected)
    }

    /// Whatever the bytes, segments cover the tokens, and none is empty.
    @Test(arguments: [Granularity.lines, .sentences, .delimiter("\n"), .delimiter(". ")])
    func coversTheResponse(_ granularity: Granularity) {
        var random = RandomGenerator(seed: 1, stream: 0)
        let alphabet: [UInt8] = [0x0A, 0x20, 0x2E, 0x61, 0x31, 0xE3, 0x80, 0x82, 0x22, 0x0D]
        for _ in 0..<2000 {
            let tokens = (0..<Int(random.next() % 12 + 1)).map { _ in
                (0..<Int(random.next() % 4)).map { _ in
                    alphabet[Int(random.next() % UInt64(alphabet.count))]
                }
            }
            let tokenizer = PairTokenizer(
                encode: { _, _ in [] }, decode: { tokens[Int($0)] })
            let ends = tokenizer.segmentEnds(of: tokens.indices.map { Int32($0) }, granularity)
            #expect(ends.last == tokens.count)
            #expect(zip([0] + ends, ends).allSatisfy { $0 < $1 })
        }
    }

    @Test func hasNoSegmentsWithoutTokens() {
        #expect(segments([], .lines).isEmpty)
        #expect(segments([], .sentences).isEmpty)
    }
}
