import ADPOBase

/// A conversation whose last message goes on: its rendered text ends where that message does.
///
/// A mark behind the message's text tells where that is, whatever the template makes of the rest. A
/// template that trims messages takes the mark's space, and then the space before the mark goes too, as
/// with transformers' `continue_final_message`.
package struct OpenMessage {
    /// The conversation with the mark in it.
    package let conversation: JSON
    private let content: String

    private static let mark = "END-OF-THE-OPEN-MESSAGE "

    /// - Throws: `.invalidArgument` where the last message has no text.
    package init(_ conversation: JSON) throws(ADPOError) {
        guard var messages = conversation.array ?? conversation["messages"]?.array,
            let last = messages.last?.members,
            let index = last.lastIndex(where: { $0.key == "content" }),
            let (marked, content) = Self.marked(last[index].value)
        else {
            throw ADPOError(
                .invalidArgument,
                "the last message of the conversation has no text \"content\" that could be continued"
            )
        }
        var message = last
        message[index].value = marked
        messages[messages.count - 1] = .object(message)
        self.content = content
        if var members = conversation.members {
            members.removeAll { $0.key == "messages" }
            self.conversation = .object(members + [("messages", .array(messages))])
        } else {
            self.conversation = .array(messages)
        }
    }

    /// A content with the mark at its end, and its text; the last text where it has several parts.
    private static func marked(_ content: JSON) -> (marked: JSON, text: String)? {
        if let text = content.string { return (.string(text + mark), text) }
        guard var parts = content.array,
            let index = parts.lastIndex(where: { $0["text"]?.string != nil }),
            var part = parts[index].members, let text = parts[index]["text"]?.string
        else { return nil }
        part.removeAll { $0.key == "text" }
        parts[index] = .object(part + [("text", .string(text + mark))])
        return (.array(parts), text)
    }

    /// What a template made of the conversation, up to the mark.
    ///
    /// - Throws: `.invalidArgument` where the template left the message out.
    package func cut(_ rendered: RenderedTemplate) throws(ADPOError) -> RenderedTemplate {
        let text = UTF8Text(rendered.text)
        let mark = UTF8Text(Self.mark.stripped(left: false, right: true))
        let content = UTF8Text(self.content.stripped(left: true, right: true))
        guard let place = text.indices(of: mark).last, text.firstIndex(of: content) != nil else {
            throw ADPOError(
                .invalidArgument,
                "the last message cannot be continued: the chat template writes it otherwise, or not "
                    + "at all")
        }
        var end = String(decoding: text.bytes[..<place], as: UTF8.self)
        if !text.bytes[place...].starts(with: Self.mark.utf8) {
            end = end.stripped(left: false, right: true)
        }
        let count = end.utf8.count
        return RenderedTemplate(
            text: end,
            generated: rendered.generated.map { $0.clamped(to: 0..<count) }.filter { !$0.isEmpty })
    }
}
