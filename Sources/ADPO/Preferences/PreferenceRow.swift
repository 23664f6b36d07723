import ADPOBase

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
    /// JSON Schemas of functions for the renderer of conversations, and variables of the template.
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
        guard json.members != nil else { throw malformedRow("not a JSON object") }
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
            throw malformedRow("the prompt and the responses are not of one kind")
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

/// Says which rows there are.
func malformedRow(_ problem: String) -> ADPOError {
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
        guard let value = value(key) else { throw malformedRow("\"\(key)\" is missing") }
        if let string = value.string { return .plain(string) }
        let elements = value.array ?? []
        if isResponse, !elements.isEmpty, elements.allSatisfy({ $0.string != nil }) {
            return .pieces(elements.compactMap(\.string))
        }
        guard !elements.isEmpty, elements.allSatisfy({ $0["role"]?.string != nil }) else {
            throw malformedRow(
                "\"\(key)\" is not a string\(isResponse ? ", an array of strings" : "") or an "
                    + "array of messages {\"role\": ..., \"content\": ...}")
        }
        return .chat(elements)
    }

    fileprivate func label() throws(ADPOError) -> Bool {
        guard let value = value("label") else { throw malformedRow("\"label\" is missing") }
        if let bool = value.bool { return bool }
        guard let integer = value.integer, integer == 0 || integer == 1 else {
            throw malformedRow("\"label\" is not true or false")
        }
        return integer == 1
    }

    fileprivate func numbers(_ key: String) throws(ADPOError) -> [Float]? {
        guard let value = value(key) else { return nil }
        guard let numbers = value.array?.map(\.double), !numbers.contains(nil) else {
            throw malformedRow("\"\(key)\" is not an array of numbers")
        }
        return numbers.compactMap { $0.map { Float($0) } }
    }
}
