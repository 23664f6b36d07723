import ADPOBase

/// The prompt within the responses, as `extract_prompt` of TRL 1.16 finds it.
///
/// The common beginning of both responses becomes the prompt: characters, segments or messages. A
/// space before the difference belongs to the responses; of two responses one of which begins the
/// other, the last element of the shorter one does.
func splitPrompt(
    _ responses: ResponsePair<PreferenceRow.Text>
) throws(ADPOError) -> (prompt: PreferenceRow.Text, responses: ResponsePair<PreferenceRow.Text>) {
    switch (responses.chosen, responses.rejected) {
    case (.chat(let chosen), .chat(let rejected)):
        let split = try split(chosen, rejected, isSame: { $0.isSame(as: $1) })
        guard !split.prompt.isEmpty else {
            throw malformedRow("the two conversations have no message in common to be the prompt")
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
        throw malformedRow("the responses are not of one kind")
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
