import ADPO
import ADPOBase
import Testing

struct GranularityTests {
    @Test(arguments: [
        ("response", Granularity.response), ("token", .token), ("static:8", .static(8)),
        ("adaptive:1", .adaptive(1)), ("lines", .lines), ("sentences", .sentences),
        ("delimiter:###", .delimiter("###")), ("delimiter: :\n", .delimiter(" :\n")),
        ("custom", .custom),
    ])
    func readsWhatItPrints(_ text: String, _ granularity: Granularity) throws {
        #expect(try Granularity(text) == granularity)
        #expect(granularity.description == text)
    }

    @Test(arguments: [
        "", "tokens", "Token", "response:1", "static", "static:", "static:0", "static:-1",
        "static:8:8",
        "static:x", "adaptive:1.5", "adaptive:99999999999999999999", ":", "token:",
        "lines:2", "line", "sentences:", "delimiter", "delimiter:", "custom:1",
    ])
    func refuses(_ text: String) {
        let error = #expect(throws: ADPOError.self) { try Granularity(text) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("static:K") == true)
    }
}
