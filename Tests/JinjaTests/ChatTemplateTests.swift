import ADPOBase
import Jinja
import TestSupport
import Testing

/// What templates write, compared with transformers and jinja2 (Tests/Golden/make_chat.py).
struct ChatTemplateTests {
    private static let golden = Result { try TestSupport.golden("chat.json") }
    private static let names = [
        "chatml", "command-r", "deepseek", "ernie4.5", "exaone4", "falcon-h1", "gemma", "gemma3",
        "glm4", "gpt-oss", "granite3", "hunyuan", "kimi-k2", "lfm2", "llama2", "llama3", "llama4",
        "mistral", "mistral-tekken", "nemotron-nano", "olmo2", "phi3", "phi4", "phi4-mini",
        "qwen2.5", "qwen3", "qwen3-coder", "seed-oss", "smollm3", "zephyr",
    ]

    /// The text, or nil when the template refuses.
    private static func render(_ source: String, _ variables: JSON?) throws -> String? {
        let now = try #require(golden.get()["now"]?.integer)
        let variables = try #require(variables?.members).map { (name: $0.key, value: $0.value) }
        do {
            return try ChatTemplate(source).render(variables, now: now).text
        } catch {
            #expect(error.message.hasPrefix("the chat template, line "), "\(source)")
            return nil
        }
    }

    @Test func snippetsAreAsOfJinja() throws {
        let golden = try Self.golden.get()
        let snippets = try #require(golden["snippets"]?.array)
        #expect(snippets.count > 150)
        for snippet in snippets {
            let source = try #require(snippet["template"]?.string)
            let text = try Self.render(source, golden["variables"])
            #expect(
                text.map(bytes) == snippet["text"]?.string.map(bytes),
                "\(source)\n\(text ?? "refused")")
        }
    }

    @Test(arguments: names)
    func conversationsAreAsOfTransformers(name: String) throws {
        let golden = try Self.golden.get()
        let template = try ChatTemplate(
            String(decoding: Fixture.bytes("Fixtures/chat_templates/\(name).jinja"), as: UTF8.self))
        let conversations = try #require(golden["conversations"]?.array)
        let tokens = try #require(golden["special_tokens"]?.members)
            .map { (name: $0.key, value: $0.value) }
        let cases = try #require(golden[name]?.array)
        #expect(cases.count == conversations.count)
        for (conversation, expected) in zip(conversations, cases) {
            for (key, addGenerationPrompt) in [("text", false), ("with_prompt", true)] {
                let text = try? template.render(
                    ChatTemplate.variables(
                        of: conversation, specialTokens: tokens,
                        addGenerationPrompt: addGenerationPrompt),
                    now: golden["now"]?.integer ?? 0
                ).text
                #expect(
                    text.map(bytes) == expected[key]?.string.map(bytes),
                    "\(conversation["name"]?.string ?? ""): \(text ?? "refused")")
            }
        }
    }

    /// Strings are compared by bytes, since Swift takes canonically equivalent ones for equal.
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test func errorsNameTheLine() throws {
        func message(_ source: String) -> String? {
            do {
                return try ChatTemplate(source).render([]).text
            } catch {
                return error.message
            }
        }
        #expect(message("a\n{{ 1 +\n }}") == "the chat template, line 3: unexpected '}}'")
        #expect(
            message("a\n\n{{ raise_exception('roles must alternate') }}")
                == "the chat template, line 3: roles must alternate")
        #expect(
            message("{% if true %}\n{{ a.b }}{% endif %}")
                == "the chat template, line 2: 'a' is undefined")
        #expect(
            message("\n{% include 'x' %}")
                == "the chat template, line 2: the tag 'include' is not supported in chat templates"
        )
    }
}
