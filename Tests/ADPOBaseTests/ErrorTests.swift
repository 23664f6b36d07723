import ADPOBase
import Testing

struct ErrorTests {
    @Test func describesItselfByItsMessage() {
        #expect(
            ADPOError(.format, "model.gguf is truncated").description == "model.gguf is truncated")
    }
}
