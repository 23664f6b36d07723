import ADPOTensor

/// A row of preference data before it is tokenized, in any of the shapes that data has:
///
///     {"prompt": ..., "chosen": ..., "rejected": ...}
///     {"chosen": ..., "rejected": ...}                    the prompt is what both begin with
///     {"prompt": ..., "completion": ..., "label": true}   unpaired
///
/// where each text is a string, a response also an array of strings (its segments), and all of them
/// may be conversations: arrays of {"role": ..., "content": ...}.
package struct PreferenceRow: Sendable {
    package enum Text: Sendable {
        case plain(String)
        /// The segments of a response.
        case pieces([String])
        /// Messages; the renderer of conversations knows what is in them.
        case chat([JSON])
    }

    package let prompt: Text
    package let chosen: Text?
    package let rejected: Text?
    /// One weight a token.
    package let weights: ResponsePair<[Float]?>
    /// For the renderer of conversations: JSON Schemas of functions, and variables of the template.
    package let tools: JSON?
    package let templateVariables: JSON?

    package init(_ text: TextPair) {
        prompt = .plain(text.prompt)
        chosen = text.chosen.map { .plain($0) }
        rejected = text.rejected.map { .plain($0) }
        weights = ResponsePair(chosen: nil, rejected: nil)
        tools = nil
        templateVariables = nil
    }

    /// - Throws: `.format` for a value that is no such row.
    package init(_ json: JSON) throws(ADPOError) {
        guard json.members != nil else { throw malformed("not a JSON object") }
        if json.value("chosen") == nil, json.value("rejected") == nil,
            json.value("completion") != nil || json.value("label") != nil
        {
            let completion = try json.text("completion")
            let isDesirable = try json.label()
            prompt = try json.text("prompt", isResponse: false)
            chosen = isDesirable ? completion : nil
            rejected = isDesirable ? nil : completion
            let numbers = try json.numbers("completion_weights")
            weights = ResponsePair(
                chosen: isDesirable ? numbers : nil, rejected: isDesirable ? nil : numbers)
        } else {
            let responses = ResponsePair(
                chosen: try json.text("chosen"), rejected: try json.text("rejected"))
            let given =
                json.value("prompt") == nil ? nil : try json.text("prompt", isResponse: false)
            // A conversation has its prompt inside even if its text stands beside it, as in TRL.
            if let given, given.isChat || !responses.chosen.isChat {
                prompt = given
                chosen = responses.chosen
                rejected = responses.rejected
            } else {
                let split = try splitPrompt(responses)
                prompt = split.prompt
                chosen = split.responses.chosen
                rejected = split.responses.rejected
            }
            weights = ResponsePair(
                chosen: try json.numbers("chosen_weights"),
                rejected: try json.numbers("rejected_weights"))
        }
        for response in [chosen, rejected].compactMap(\.self)
        where response.isChat != prompt.isChat {
            throw malformed("the prompt and the responses are not of one kind")
        }
        var tools = json.value("tools")
        if let text = tools?.string { tools = try JSON(text, source: "\"tools\"") }
        self.tools = tools
        templateVariables = json.value("chat_template_kwargs")
    }
}

extension PreferenceRow.Text {
    var isChat: Bool {
        if case .chat = self { true } else { false }
    }
}

private func malformed(_ problem: String) -> ADPOError {
    ADPOError(
        .format,
        """
        \(problem); a row is {"prompt": ..., "chosen": ..., "rejected": ...} or {"prompt": ..., \
        "completion": ..., "label": true or false}, of strings or of conversations
        """)
}

extension JSON {
    /// A member that is not null.
    fileprivate func value(_ key: String) -> JSON? {
        guard let value = self[key], !value.isNull else { return nil }
        return value
    }

    fileprivate func text(
        _ key: String, isResponse: Bool = true
    ) throws(ADPOError) -> PreferenceRow.Text {
        guard let value = value(key) else { throw malformed("\"\(key)\" is missing") }
        if let string = value.string { return .plain(string) }
        let elements = value.array ?? []
        if isResponse, !elements.isEmpty, elements.allSatisfy({ $0.string != nil }) {
            return .pieces(elements.compactMap(\.string))
        }
        guard !elements.isEmpty, elements.allSatisfy({ $0["role"]?.string != nil }) else {
            throw malformed(
                "\"\(key)\" is not a string\(isResponse ? ", an array of strings" : "") or an "
                    + "array of messages {\"role\": ..., \"content\": ...}")
        }
        return .chat(elements)
    }

    fileprivate func label() throws(ADPOError) -> Bool {
        guard let value = value("label") else { throw malformed("\"label\" is missing") }
        if let bool = value.bool { return bool }
        guard let integer = value.integer, integer == 0 || integer == 1 else {
            throw malformed("\"label\" is not true or false")
        }
        return integer == 1
    }

    fileprivate func numbers(_ key: String) throws(ADPOError) -> [Float]? {
        guard let value = value(key) else { return nil }
        guard let numbers = value.array?.map(\.double), !numbers.contains(nil) else {
            throw malformed("\"\(key)\" is not an array of numbers")
        }
        return numbers.compactMap { $0.map { Float($0) } }
    }
}

// The prompt within the responses, as `extract_prompt` of TRL 1.16 finds it.

/// What both responses begin with becomes the prompt: characters, segments or messages. A space
/// before the difference belongs to the responses; of two responses one of which begins the other,
/// the last element of the shorter one does.
private func splitPrompt(
    _ responses: ResponsePair<PreferenceRow.Text>
) throws(ADPOError) -> (prompt: PreferenceRow.Text, responses: ResponsePair<PreferenceRow.Text>) {
    switch (responses.chosen, responses.rejected) {
    case (.chat(let chosen), .chat(let rejected)):
        let split = try split(chosen, rejected, isSame: { $0.isSame(as: $1) })
        guard !split.prompt.isEmpty else {
            throw malformed("the two conversations have no message in common to be the prompt")
        }
        return (
            .chat(split.prompt),
            ResponsePair(chosen: .chat(split.chosen), rejected: .chat(split.rejected))
        )
    case (.plain(let chosen), .plain(let rejected)):
        let split = try split(
            Array(chosen.unicodeScalars), Array(rejected.unicodeScalars), isSame: ==,
            isSpace: { $0 == " " })
        return (
            .plain(text(split.prompt)),
            ResponsePair(chosen: .plain(text(split.chosen)), rejected: .plain(text(split.rejected)))
        )
    case (.chat, _), (_, .chat):
        throw malformed("the responses are not of one kind")
    case (let chosen, let rejected):
        let split = try split(
            chosen.pieces, rejected.pieces, isSame: { $0.utf8.elementsEqual($1.utf8) },
            isSpace: { $0.utf8.elementsEqual(" ".utf8) })
        return (
            .plain(split.prompt.joined()),
            ResponsePair(chosen: .pieces(split.chosen), rejected: .pieces(split.rejected))
        )
    }
}

private func split<Element>(
    _ chosen: [Element], _ rejected: [Element], isSame: (Element, Element) -> Bool,
    isSpace: (Element) -> Bool = { _ in false }
) throws(ADPOError) -> (prompt: [Element], chosen: [Element], rejected: [Element]) {
    let count = min(chosen.count, rejected.count)
    guard count > 0 else {
        throw ADPOError(
            .invalidArgument,
            """
            the \(chosen.isEmpty ? "chosen" : "rejected") response is empty; it needs at least one \
            character
            """)
    }
    var index = (0..<count).first { !isSame(chosen[$0], rejected[$0]) } ?? count - 1
    if index > 0, !isSame(chosen[index], rejected[index]), isSpace(chosen[index - 1]) { index -= 1 }
    return (Array(chosen[..<index]), Array(chosen[index...]), Array(rejected[index...]))
}

private func text(_ scalars: [Unicode.Scalar]) -> String {
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    return text
}

extension PreferenceRow.Text {
    fileprivate var pieces: [String] {
        switch self {
        case .plain(let text): [text]
        case .pieces(let pieces): pieces
        case .chat: []
        }
    }
}

extension JSON {
    /// Equal as Python's values are: members in any order, and 1 is 1.0.
    fileprivate func isSame(as other: JSON) -> Bool {
        switch (self, other) {
        case (.null, .null): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.string(let a), .string(let b)): return a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { $0.isSame(as: $1) }
        case (.object(let a), .object(let b)):
            func sorted(
                _ members: [(key: String, value: JSON)]
            ) -> [(key: String, value: JSON)] {
                members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            }
            return a.count == b.count
                && zip(sorted(a), sorted(b)).allSatisfy {
                    $0.key.utf8.elementsEqual($1.key.utf8) && $0.value.isSame(as: $1.value)
                }
        default:
            guard let a = double, let b = other.double else { return false }
            return a == b
        }
    }
}
