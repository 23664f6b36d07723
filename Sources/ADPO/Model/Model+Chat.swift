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

/// How the text of a conversation ends.
public enum ChatEnding: Sendable {
    /// With what follows the last message.
    case complete
    /// With what begins the assistant's answer.
    case generationPrompt
    /// With the last message, which goes on: without what would follow it.
    case openMessage
}

/// A conversation as token ids.
public struct ChatTokens: Sendable, Equatable {
    public let ids: [Int32]
    /// Whether the assistant says it, for each token; nil where the model's template does not tell.
    public let isAssistant: [Bool]?
}

extension Model {
    /// A conversation as the text that the model was trained on, by its chat template. The text has
    /// its special tokens in it, the BOS token too where there is one: encode it with
    /// `addSpecialTokens: false`.
    ///
    /// - Throws: `.unsupported` for a model without template; `.invalidArgument` for messages that
    ///   the template refuses; `.format` or `.unsupported` for what is wrong with the template.
    public func renderChat(
        _ messages: [ChatMessage], ending: ChatEnding = .generationPrompt
    ) throws(ADPOError) -> String {
        try render(Self.conversation(messages), ending: ending).rendered.text
    }

    /// A conversation given as JSON: an array of messages, or an object with `messages`, `tools` and
    /// whatever else the template knows, such as `enable_thinking`.
    ///
    /// - Throws: As for messages, and `.format` for what is no JSON.
    public func renderChat(
        json: String, ending: ChatEnding = .generationPrompt
    ) throws(ADPOError) -> String {
        try renderChat(JSON(json, source: "the conversation"), ending: ending)
    }

    /// A conversation as token ids, and which of them the assistant says: those in what the template
    /// marks by `{% generation %}`, as transformers' `return_assistant_tokens_mask`.
    ///
    /// - Throws: As `renderChat`, and `.unsupported` where the tokenizer changes the text so that its
    ///   tokens have no places there.
    public func tokenizeChat(
        _ messages: [ChatMessage], ending: ChatEnding = .complete
    ) throws(ADPOError) -> ChatTokens {
        try tokenizeChat(Self.conversation(messages), ending: ending)
    }

    /// The same of a conversation given as JSON.
    public func tokenizeChat(
        json: String, ending: ChatEnding = .complete
    ) throws(ADPOError) -> ChatTokens {
        try tokenizeChat(JSON(json, source: "the conversation"), ending: ending)
    }

    package func renderChat(
        _ conversation: JSON, ending: ChatEnding
    ) throws(ADPOError) -> String {
        try render(conversation, ending: ending).rendered.text
    }

    private func tokenizeChat(
        _ conversation: JSON, ending: ChatEnding
    ) throws(ADPOError) -> ChatTokens {
        let (rendered, marksGeneration) = try render(conversation, ending: ending)
        let ids = tokenizer.encode(rendered.text, addSpecialTokens: false)
        guard marksGeneration else { return ChatTokens(ids: ids, isAssistant: nil) }
        var marked = rendered.generated[...]
        let isAssistant = try tokenizer.offsets(of: ids, in: rendered.text).map { token in
            marked = marked.drop { $0.upperBound <= token.lowerBound }
            return marked.first.map { $0.lowerBound < token.upperBound } ?? false
        }
        return ChatTokens(ids: ids, isAssistant: isAssistant)
    }

    private static func conversation(_ messages: [ChatMessage]) -> JSON {
        .array(
            messages.map { message in
                .object([("role", .string(message.role)), ("content", .string(message.content))])
            })
    }

    private func render(
        _ conversation: JSON, ending: ChatEnding
    ) throws(ADPOError) -> (rendered: RenderedTemplate, marksGeneration: Bool) {
        var specialTokens: [(name: String, value: JSON)] = []
        for (name, id) in [
            ("bos_token", tokenizer.bos), ("eos_token", tokenizer.eos),
            ("pad_token", tokenizer.pad), ("unk_token", tokenizer.unknown),
        ] {
            guard let id else { continue }
            let text = String(decoding: tokenizer.decode([id]), as: UTF8.self)
            specialTokens.append((name, .string(text)))
        }
        let open = ending == .openMessage ? try OpenMessage(conversation) : nil
        let variables = try ChatTemplate.variables(
            of: open?.conversation ?? conversation, specialTokens: specialTokens,
            addGenerationPrompt: ending == .generationPrompt)
        let hasTools = conversation["tools"].map { !$0.isNull } ?? false
        let template = try chatTemplates.template(forTools: hasTools)
        let rendered = try template.render(variables)
        return (try open?.cut(rendered) ?? rendered, template.marksGeneration)
    }
}
