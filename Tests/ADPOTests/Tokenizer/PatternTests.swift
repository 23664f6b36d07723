import ADPO
import ADPOBase
import Testing

/// Regular expressions split texts as Oniguruma's do; `tokenizers` (0.23.3) gave the pieces.
struct PatternTests {
    /// The matches, and what is between them.
    private static func pieces(_ expression: String, _ text: String) throws -> [String] {
        let pattern = try Pattern(expression)
        let bytes = Array(text.utf8)
        var pieces: [String] = []
        var done = 0
        func add(_ range: Range<Int>) {
            guard !range.isEmpty else { return }
            pieces.append(String(decoding: bytes[range], as: UTF8.self))
        }
        _ = bytes.withUnsafeBufferPointer { text in
            pattern.forEachMatch(in: text) { match in
                add(done..<match.lowerBound)
                add(match)
                done = match.upperBound
            }
        }
        add(done..<bytes.count)
        return pieces
    }

    @Test(arguments: [
        // {n,m}+ repeats the interval.
        (#"\p{N}{1,3}+"#, "12345678 12", ["12345678", " ", "12"]),
        (#"a{2}+"#, "aaaaaaa", ["aaaaaa", "a"]),
        (#"a{1,2}?"#, "aaa", ["a", "a", "a"]),
        (#"a{,2}"#, "aaa", ["aa", "a"]),
        // Lines, not texts, begin and end.
        (#"\s+$"#, "a  \n b  \n", ["a", "  ", "\n b", "  \n"]),
        (#"^b"#, "b\nb\n", ["b", "\n", "b", "\n"]),
        (#"(?=(\d{3})+(?!\d))"#, "1234567 12", ["1", "234", "567 12"]),
        (#"\d{1,3}(?=(?:\d{3})*\b)"#, "1234567 12x", ["1", "234", "567", " 12x"]),
        (
            #" ?[^(\s|[.,!?])]+"#, "a b(c),d. e|f)g  x",
            ["a", " b", "(", "c", "),", "d", ".", " e", "|", "f", ")", "g", " ", " x"]
        ),
        (#"[\p{Lo}&&[^\p{Han}]]+"#, "漢字かなabc", ["漢字", "かな", "abc"]),
        (#"\p{L}++"#, "abc def", ["abc", " ", "def"]),
        (#"a?+a"#, "aa a", ["aa", " a"]),
        (#"(?i:'s|k)"#, "x'S 'ſ kK\u{212A}", ["x", "'S", " ", "'ſ", " ", "k", "K", "\u{212A}"]),
        (#"a*"#, "baac", ["b", "aa", "c"]),
        ("", "abc", ["a", "b", "c"]),
        (#"[]a]"#, "]a", ["]", "a"]),
        (#"\x41\u0042|\x{1F600}"#, "xAB😀", ["x", "AB", "😀"]),
    ])
    func splitsAsOniguruma(expression: String, text: String, pieces: [String]) throws {
        #expect(try Self.pieces(expression, text) == pieces)
    }

    /// Each of these reads far ahead at every place, if nothing is remembered.
    @Test(arguments: [
        (#"a(?:a*b)?"#, "a"), (#"\d{1,3}(?=(?:\d{3})*\b)"#, "1"), (#"(?:a*)*b"#, "a"),
        (#"(?:a|aa)+b|a"#, "a"), (#"\s*[\r\n]+|\s+(?!\S)|\s+"#, " "), (#"\s{1,512}b|\s"#, " "),
        (#"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#, "\u{200D}"),
    ])
    func takesLinearTime(expression: String, character: String) throws {
        let pattern = try Pattern(expression)
        func steps(_ count: Int) -> Int {
            let text = Array(String(repeating: character, count: count).utf8)
            return text.withUnsafeBufferPointer { pattern.forEachMatch(in: $0) { _ in } }
        }
        let (short, long) = (steps(10_000), steps(200_000))
        #expect(long < 22 * short)
        #expect(long < 200_000 * 600)
    }

    @Test(arguments: [
        "(", ")", "[a", "a{1001,2000}", #"\p{Klingon}"#, "(?<=a)b", "(?<n>a)", #"(a)\1"#, "*a",
        "[b-a]", #"[a-\d]"#, #"[[:alpha:]]"#, "(?>a)b", "(ab)++", "(?i:é)", "(?m)a", #"\G"#,
        "a{2}?",
        String(repeating: "(", count: 100_000),
        "(?:(?:a{900}){900}){900}", "(?:(?:(?:(?:){900}){900}){900}){900}",
        "a" + String(repeating: "*", count: 60_000), #"(?=(?=ab)ab)"#, "a{99999999999999999999}",
    ])
    func refusesWhatItDoesNotKnow(expression: String) {
        let error = #expect(throws: ADPOError.self) { try Pattern(expression) }
        #expect(error?.code == .unsupported || error?.code == .format)
    }

    /// An expression whose states are too many is refused before they fill the memory.
    @Test func boundsItsStates() {
        let error = #expect(throws: ADPOError.self) { try Pattern("(?:a|b)*a(?:a|b){20}") }
        #expect(error?.code == .unsupported)
    }

    @Test func readsThePatternsOfAllGGUFPreTokenizers() throws {
        for name in GGUFPreTokenizer.all.flatMap(\.names) {
            var fields = GGUFTokenizerFields(model: "gpt2", pre: name, tokens: ByteStrings())
            fields.addBOSToken = false
            _ = try TokenizerDescription(fields)
        }
    }

    @Test func knowsWhatCoversEveryText() throws {
        #expect(try Pattern(#"\s+(?!\S)|\s+|\S"#).coversEveryText)
        #expect(try !Pattern(#"\s+(?!\S)|\S"#).coversEveryText)
        #expect(try Pattern(#"[\s\S]*x|[^x]"#).coversEveryText)
        #expect(try !Pattern(#"[\s\S]*x"#).coversEveryText)
        #expect(try !Pattern("a*").coversEveryText)
    }
}
