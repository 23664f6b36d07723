/// Token ids to text, one after another: text is not the tokens' bytes in a row, since a token's
/// text can depend on its place, and characters can have several tokens.
public struct TokenDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipsSpecialTokens: Bool
    private var places: [DecoderPlace]
    private var characters = CharacterBuffer()

    /// - Parameter continuesText: The tokens continue a text that others began, so that a space
    ///   before the first word is one.
    public init(
        _ tokenizer: Tokenizer, skipSpecialTokens: Bool = false, continuesText: Bool = false
    ) {
        self.tokenizer = tokenizer
        skipsSpecialTokens = skipSpecialTokens
        let place = continuesText ? DecoderPlace.inside : .start(removed: 0)
        places = Array(repeating: place, count: tokenizer.decoders.count)
    }

    /// The text (UTF-8) that is complete with this token. A character that several tokens share
    /// comes with the last of them. An id that no token has is nothing, as many models have more ids
    /// than tokens.
    public mutating func append(_ id: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        append(id, to: &bytes)
        return characters.append(bytes)
    }

    /// Gives what is left at the end: bytes that began a character.
    public mutating func finish() -> [UInt8] { characters.finish() }

    /// Appends the bytes of the next token, which can end within a character.
    mutating func append(_ id: Int32, to bytes: inout [UInt8]) {
        guard !skipsSpecialTokens || !tokenizer.specialTokens.contains(id) else { return }
        guard !places.isEmpty else {
            bytes += tokenizer.vocabulary[id]
            return
        }
        guard tokenizer.vocabulary.contains(id) else { return }
        var token = Array(tokenizer.vocabulary[id])
        for index in places.indices {
            tokenizer.decoders[index].apply(&token, at: &places[index])
        }
        bytes += token
    }
}

/// Holds bytes back until their characters are complete.
struct CharacterBuffer: Sendable {
    private var pending: [UInt8] = []

    /// The characters that are complete with these bytes. Ill-formed bytes pass as they are.
    mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        pending += bytes
        let complete = pending.count - Self.incompleteSuffix(pending)
        defer { pending.removeFirst(complete) }
        return Array(pending[..<complete])
    }

    /// The bytes that are left.
    mutating func finish() -> [UInt8] {
        defer { pending.removeAll() }
        return pending
    }

    /// The number of bytes at the end that begin a UTF-8 sequence and do not end it.
    private static func incompleteSuffix(_ bytes: [UInt8]) -> Int {
        for (count, byte) in zip(1...3, bytes.reversed()) {
            switch byte {
            case 0x80..<0xC0: continue
            case 0xC2..<0xE0: return count < 2 ? count : 0
            case 0xE0..<0xF0: return count < 3 ? count : 0
            case 0xF0..<0xF5: return count
            default: return 0
            }
        }
        return 0
    }
}
