import ADPOBase
import Testing

struct JSONTests {
    @Test func readsEveryKindOfValue() throws {
        let json = try JSON(
            #" {"a": [1, -2.5e3, true, false, null], "b": {"c": "x\u00e9\ud83d\ude00\n"}} "#,
            source: "test")
        let a = try #require(json["a"]?.array)
        #expect(a[0].integer == 1)
        #expect(a[1].double == -2500)
        #expect(a[2].bool == true)
        #expect(a[3].bool == false)
        #expect(a[4].isNull)
        #expect(json["b"]?["c"]?.string == "xé😀\n")
    }

    /// "é" composed and decomposed are different keys, though Swift's == calls them equal.
    @Test func keepsCanonicallyEquivalentKeysApart() throws {
        let json = try JSON("{\"\u{E9}\": 1, \"e\u{301}\": 2}", source: "test")
        #expect(json["\u{E9}"]?.integer == 1)
        #expect(json["e\u{301}"]?.integer == 2)
    }

    @Test(arguments: [
        "", "{", "[1,]", "{\"a\" 1}", "\"abc", "\"\\u12\"", "truth", "1 2", "\"\u{01}\"", "+1",
        "--1",
        String(repeating: "[", count: 100_000),
    ])
    func refuses(_ text: String) {
        #expect(throws: ADPOError.self) { try JSON(text, source: "test") }
    }

    @Test func writesWhatItReads() throws {
        let text =
            #"{"b":[1,-2.5,1e+20,true,null,[],{}],"a":"q\"\\\n\r\t\u0001é😀/","b":"twice"}"#
        #expect(try JSON(text, source: "test").text == text)
        #expect(JSON.array([.double(.infinity), .double(.nan)]).text == "[null,null]")
    }
}
