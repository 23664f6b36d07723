import ADPO
import ADPOBase
import FoundationEssentials
import TestSupport
import Testing

/// Conversations as token ids, and conversations that go on, compared with transformers
/// (Tests/Golden/make_chat_tokens.py).
struct ChatTokensTests {
    private static let golden = Result { try TestSupport.golden("chat_tokens.json") }

    /// A model of the fixtures with another chat template.
    private func withModel(
        _ name: String, template: String, _ body: (Model) throws -> Void
    ) throws {
        try withTemporaryDirectory { directory in
            let source = Fixture.path("Fixtures/families/\(name)")
            for file in try FileManager.default.contentsOfDirectory(atPath: source)
            where file != "chat_template.jinja" {
                try FileManager.default.copyItem(
                    atPath: "\(source)/\(file)", toPath: "\(directory)/\(file)")
            }
            try Data(template.utf8).write(
                to: URL(filePath: "\(directory)/chat_template.jinja"))
            try body(Model(path: directory))
        }
    }

    @Test func marksWhatTheAssistantSays() throws {
        let golden = try Self.golden.get()
        let template = try #require(golden["template"]?.string)
        let conversation = JSON.object([("messages", try #require(golden["messages"]))])
        let cases = try #require(golden["tokens"]?.array)
        #expect(cases.count == 4)
        for expected in cases {
            let name = try #require(expected["tokenizer"]?.string)
            try withModel(name, template: template) { model in
                let tokens = try model.tokenizeChat(json: conversation.text)
                #expect(tokens.ids == (try #require(expected["ids"]).ids), "\(name)")
                let mask = try #require(expected["mask"]?.array?.map { $0.integer == 1 })
                #expect(mask.contains(true) && mask.contains(false))
                #expect(tokens.isAssistant == mask, "\(name)")
            }
        }
    }

    @Test func continuesTheLastMessage() throws {
        let golden = try Self.golden.get()
        let cases = try #require(golden["continued"]?.array)
        #expect(cases.count > 50)
        let templates = Set(cases.compactMap { $0["template"]?.string })
        for name in templates {
            let source = String(
                decoding: try Fixture.bytes("Fixtures/chat_templates/\(name).jinja"), as: UTF8.self)
            try withModel("qwen3", template: source) { model in
                for expected in cases where expected["template"]?.string == name {
                    let messages = try #require(expected["messages"])
                    let text = try? model.renderChat(json: messages.text, ending: .openMessage)
                    #expect(
                        text == expected["text"]?.string,
                        "\(name), \(expected["case"]?.string ?? "")")
                }
            }
        }
    }

    /// Without `{% generation %}` nothing is known of who says what.
    @Test func templatesWithoutMarks() throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        let tokens = try model.tokenizeChat([ChatMessage(role: "user", content: "Hi.")])
        #expect(tokens.isAssistant == nil)
        #expect(!tokens.ids.isEmpty)
    }
}
