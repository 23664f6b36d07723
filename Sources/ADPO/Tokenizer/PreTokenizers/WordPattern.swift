/// The regular expressions by which byte-level tokenizers split a text into words, written out as
/// scanners. Each of them covers every text, and takes time linear in its length.
package enum WordPattern: Sendable, Equatable {
    /// The one inside of the `ByteLevel` pre-tokenizer.
    case gpt2
    /// The one of tiktoken's cl100k and its successors, with runs of up to `digits` digits:
    /// llama-3 has 3, qwen2 1.
    case tiktoken(digits: Int)
    /// The one of tiktoken's o200k, which splits words where their case changes: gpt-4o has 3 digits
    /// and contractions at the ends of words, Mistral's tekken 1 and none.
    case cased(digits: Int, contractions: Bool)

    private static let known = [
        WordPattern.gpt2, .tiktoken(digits: 3), .tiktoken(digits: 1),
        .cased(digits: 3, contractions: true), .cased(digits: 1, contractions: false),
    ]

    package init?(regularExpression: String) {
        guard
            let pattern = Self.known.first(where: {
                $0.regularExpression.utf8.elementsEqual(regularExpression.utf8)
            })
        else { return nil }
        self = pattern
    }

    /// The expression as tokenizer.json has it.
    package var regularExpression: String {
        switch self {
        case .gpt2:
            #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
        case .tiktoken(let digits):
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
                + (digits == 1 ? "" : "{1,\(digits)}")
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        case .cased(let digits, let contractions):
            Self.casedExpression(digits, contractions)
        }
    }

    /// Where the word ends that begins at an index of well-formed UTF-8.
    func wordEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        switch self {
        case .gpt2: Self.gpt2End(text, start)
        case .tiktoken(let digits): Self.tiktokenEnd(text, start, digits)
        case .cased(let digits, let contractions):
            Self.casedEnd(text, start, digits, contractions)
        }
    }

    private static func gpt2End(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        if let end = contractionEnd(text, start, anyCase: false) { return end }
        // ` ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+`
        let first = text.scalar(at: start)
        var kind = CharacterClass(first.scalar)
        var end = first.end
        if first.scalar == " ", end < text.count {
            let second = text.scalar(at: end)
            kind = CharacterClass(second.scalar)
            if kind != .space { end = second.end }
        }
        return kind == .space ? spaceEnd(text, start) : runEnd(text, end, of: kind)
    }

    private static func tiktokenEnd(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ digits: Int
    ) -> Int {
        if let end = contractionEnd(text, start, anyCase: true) { return end }
        let first = text.scalar(at: start)
        let kind = CharacterClass(first.scalar)
        switch kind {
        case .letter: return runEnd(text, first.end, of: .letter)
        case .number: return runEnd(text, first.end, of: .number, atMost: digits - 1)
        case .space, .other: break
        }
        if first.end < text.count, first.scalar != "\r", first.scalar != "\n" {
            // `[^\r\n\p{L}\p{N}]?\p{L}+`
            let second = text.scalar(at: first.end)
            if CharacterClass(second.scalar) == .letter {
                return runEnd(text, second.end, of: .letter)
            }
        }
        return restEnd(text, start, slashes: false)
    }

    /// Where neither a word nor a number begins: ` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`,
    /// with slashes beside `\r` and `\n` or without.
    static func restEnd(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, slashes: Bool
    ) -> Int {
        let first = text.scalar(at: start)
        var signs: Int? = CharacterClass(first.scalar) == .other ? first.end : nil
        if first.scalar == " ", first.end < text.count {
            let second = text.scalar(at: first.end)
            if CharacterClass(second.scalar) == .other { signs = second.end }
        }
        if let signs {
            return lineBreaksEnd(text, runEnd(text, signs, of: .other), slashes: slashes)
        }
        var end = runEnd(text, first.end, of: .space)
        while end > start {
            if text[end - 1] == 0x0A || text[end - 1] == 0x0D { return end }
            end -= 1
        }
        return spaceEnd(text, start)
    }

    /// `'s|'t|'re|'ve|'m|'ll|'d`
    static func contractionEnd(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, anyCase: Bool
    ) -> Int? {
        guard text[start] == UInt8(ascii: "'"), start + 1 < text.count else { return nil }
        func letter(_ offset: Int) -> UInt8 {
            guard start + offset < text.count else { return 0 }
            let byte = text[start + offset]
            return anyCase && (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
        }
        switch (letter(1), letter(2)) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return start + 3
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _),
            (UInt8(ascii: "d"), _):
            return start + 2
        case (0xC5, 0xBF) where anyCase: return start + 3  // U+017F, the long s
        default: return nil
        }
    }

    /// `\s+(?!\S)|\s+`: the last space of a run goes with what follows it.
    private static func spaceEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
        let end = runEnd(text, start, of: .space)
        if end == text.count { return end }
        let last = text.scalar(before: end).start
        return last > start ? last : end
    }

    /// `[\r\n]*` or `[\r\n/]*`
    private static func lineBreaksEnd(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, slashes: Bool
    ) -> Int {
        var end = start
        while end < text.count,
            text[end] == 0x0A || text[end] == 0x0D || slashes && text[end] == UInt8(ascii: "/")
        {
            end += 1
        }
        return end
    }

    /// Where a run of characters of one class ends.
    static func runEnd(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, of kind: CharacterClass,
        atMost limit: Int = .max
    ) -> Int {
        var end = start
        var length = 0
        while end < text.count, length < limit {
            let next = text.scalar(at: end)
            guard CharacterClass(next.scalar) == kind else { break }
            end = next.end
            length += 1
        }
        return end
    }
}
