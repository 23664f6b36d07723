import ADPOBase
import Jinja

/// A message of a conversation.
public struct ChatMessage: Sendable, Equatable {
    /// "system", "user", "assistant", or what else the model's template knows.
    public var role: String
    public var content: String

    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

extension Model {
    /// A conversation as the text that the model was trained on, by its chat template. The text has
    /// its special tokens in it, the BOS token too where there is one: encode it with
    /// `addSpecialTokens: false`.
    ///
    /// - Parameter addGenerationPrompt: End with what begins the assistant's answer.
    /// - Throws: `.unsupported` for a model without template; `.invalidArgument` for messages that
    ///   the template refuses; `.format` or `.unsupported` for what is wrong with the template.
    public func renderChat(
        _ messages: [ChatMessage], addGenerationPrompt: Bool = true
    ) throws(ADPOError) -> String {
        let messages = messages.map { message in
            JSON.object([("role", .string(message.role)), ("content", .string(message.content))])
        }
        return try renderChat(.array(messages), addGenerationPrompt: addGenerationPrompt)
    }

    /// A conversation given as JSON: an array of messages, or an object with `messages`, `tools` and
    /// whatever else the template knows, such as `enable_thinking`.
    ///
    /// - Throws: As for messages, and `.format` for what is no JSON.
    public func renderChat(
        json: String, addGenerationPrompt: Bool = true
    ) throws(ADPOError) -> String {
        try renderChat(
            JSON(json, source: "the conversation"), addGenerationPrompt: addGenerationPrompt)
    }

    package func renderChat(
        _ conversation: JSON, addGenerationPrompt: Bool
    ) throws(ADPOError) -> String {
        var specialTokens: [(name: String, value: JSON)] = []
        for (name, id) in [
            ("bos_token", tokenizer.bos), ("eos_token", tokenizer.eos),
            ("pad_token", tokenizer.pad), ("unk_token", tokenizer.unknown),
        ] {
            guard let id else { continue }
            let text = String(decoding: tokenizer.decode([id]), as: UTF8.self)
            specialTokens.append((name, .string(text)))
        }
        let variables = try ChatTemplate.variables(
            of: conversation, specialTokens: specialTokens, addGenerationPrompt: addGenerationPrompt
        )
        let hasTools = conversation["tools"].map { !$0.isNull } ?? false
        return try chatTemplates.template(forTools: hasTools).render(variables)
    }
}
