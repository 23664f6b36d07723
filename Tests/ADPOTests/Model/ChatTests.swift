import ADPO
import ADPOBase
import TestSupport
import Testing

/// Conversations by the template of a model's files.
struct ChatTests {
    private static let messages = [
        ChatMessage(role: "user", content: "Grüße!"),
        ChatMessage(role: "assistant", content: "汉字 🙂"),
    ]
    private static let text =
        "<|im_start|>user\nGrüße!<|im_end|>\n<|im_start|>assistant\n汉字 🙂<|im_end|>\n"

    @Test(arguments: ["llama-f32", "llama-f32.gguf"])
    func rendersMessages(name: String) throws {
        let model = try Model(path: Fixture.path("Fixtures/models/\(name)"))
        #expect(try model.renderChat(Self.messages, ending: .complete) == Self.text)
        #expect(try model.renderChat(Self.messages) == Self.text + "<|im_start|>assistant\n")

        let ids = model.tokenizer.encode(Self.text, addSpecialTokens: false)
        #expect(ids.first == model.tokenizer.bos)
        #expect(ids.count { $0 == model.tokenizer.bos } == 2)
        #expect(String(decoding: model.tokenizer.decode(ids), as: UTF8.self) == Self.text)
    }

    @Test func rendersJSON() throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        let messages = #"[{"role": "user", "content": "Hi.", "name": null}]"#
        let text = "<|im_start|>user\nHi.<|im_end|>\n"
        for json in [messages, #"{"tools": null, "messages": \#(messages)}"#] {
            #expect(try model.renderChat(json: json, ending: .complete) == text)
        }
        #expect(throws: ADPOError.self) { try model.renderChat(json: "[") }
        #expect(throws: ADPOError.self) { try model.renderChat([]) }
    }
}
