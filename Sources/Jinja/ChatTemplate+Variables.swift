import ADPOBase

extension ChatTemplate {
    /// The variables that a template finds, as transformers sets them up. Where a name comes twice,
    /// the later one counts.
    package static func variables(
        of conversation: JSON, specialTokens: [(name: String, value: JSON)],
        addGenerationPrompt: Bool
    ) throws(ADPOError) -> [(name: String, value: JSON)] {
        var variables = specialTokens
        variables += [("documents", .null), ("tools", .null)]
        variables += (conversation.members ?? []).map { ($0.key, $0.value) }
        variables.append(("messages", .array(try messages(of: conversation))))
        variables.append(("add_generation_prompt", .bool(addGenerationPrompt)))
        return variables
    }

    /// The messages as templates see them in transformers: without members that are null, and
    /// reasoning under each of the names that templates use.
    private static func messages(of conversation: JSON) throws(ADPOError) -> [JSON] {
        guard let messages = conversation.array ?? conversation["messages"]?.array else {
            throw ADPOError(
                .invalidArgument,
                "a conversation is an array of messages, or an object with \"messages\"")
        }
        guard !messages.isEmpty else {
            throw ADPOError(.invalidArgument, "the conversation has no messages")
        }
        var result: [JSON] = []
        for (index, message) in messages.enumerated() {
            guard var members = message.members else {
                throw ADPOError(
                    .invalidArgument,
                    "message \(index) of the conversation is not an object such as "
                        + "{\"role\": \"user\", \"content\": \"...\"}")
            }
            members.removeAll { $0.value.isNull }
            let reasoning = ["reasoning_content", "thinking", "reasoning"].lazy
                .compactMap { name in members.first { $0.key == name }?.value }.first
            if let reasoning {
                // Where a key comes twice, the first gives the place and the last the value.
                members.insert(("thinking", reasoning), at: 0)
                members.append(("reasoning_content", reasoning))
            }
            result.append(.object(members))
        }
        return result
    }
}
