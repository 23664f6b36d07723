/// Where the text of a response breaks into segments, as counts of tokens.
extension PairTokenizer {
    /// A segment ends with the token in which a line, a sentence or a delimiter ends. None is empty,
    /// and what has no content of its own (blank lines, EOS) joins the segment before.
    ///
    /// - Parameter granularity: `.lines`, `.sentences` or `.delimiter`.
    package func segmentEnds(of tokens: [Int32], _ granularity: Granularity) -> [Int] {
        // EOS is no text: it belongs to what it ends.
        let pieces = tokens.map { $0 == eos ? [] : decode($0) }
        let bytes = Array(pieces.joined())
        var ends: [Int] = []
        switch granularity {
        case .lines:
            ends = keep(lineEnds(bytes), of: bytes) { $0 > 0x20 }
        case .sentences:
            ends = keep(sentenceEnds(bytes), of: bytes) { $0 >= 0x80 || isLetter($0) }
        case .delimiter(let delimiter):
            ends = keep(delimiterEnds(bytes, Array(delimiter.utf8)), of: bytes) { _ in true }
        case .response, .token, .static, .adaptive, .custom: break
        }
        return tokenEnds(pieces.map(\.count), byteEnds: ends)
    }
}

/// The counts of tokens that hold the bytes up to each of these ends, and all tokens as the last.
///
/// - Parameters:
///   - lengths: the number of bytes of each token.
///   - byteEnds: in increasing order.
func tokenEnds(_ lengths: [Int], byteEnds: [Int]) -> [Int] {
    var ends: [Int] = []
    var rest = byteEnds[...]
    var position = 0
    for (index, length) in lengths.enumerated() {
        position += length
        guard let end = rest.first, end <= position else { continue }
        ends.append(index + 1)
        rest = rest.drop { $0 <= position }
    }
    if let last = ends.last, last == lengths.count { return ends }
    return lengths.isEmpty ? [] : ends + [lengths.count]
}

/// Those of the ends that have content before them, up to the end before, and after them.
private func keep(_ ends: [Int], of bytes: [UInt8], _ isContent: (UInt8) -> Bool) -> [Int] {
    var kept: [Int] = []
    var position = 0
    var hasContent = false
    for end in ends {
        hasContent = hasContent || bytes[position..<end].contains(where: isContent)
        position = end
        if hasContent {
            kept.append(end)
            hasContent = false
        }
    }
    if let last = kept.last, !bytes[last...].contains(where: isContent) { kept.removeLast() }
    return kept
}

private let lineFeed: UInt8 = 0x0A

private func isWhitespace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

private func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }

/// The end of the last line break in the whitespace from `start` on.
private func lineBreakEnd(_ bytes: [UInt8], from start: Int) -> Int? {
    var end: Int?
    var position = start
    while position < bytes.count, isWhitespace(bytes[position]) {
        position += 1
        if bytes[position - 1] == lineFeed { end = position }
    }
    return end
}

private func lineEnds(_ bytes: [UInt8]) -> [Int] {
    var ends: [Int] = []
    var position = 0
    while position < bytes.count {
        if bytes[position] == lineFeed, let end = lineBreakEnd(bytes, from: position) {
            ends.append(end)
            position = end
        } else {
            position += 1
        }
    }
    return ends
}

private let terminators = [".", "!", "?", "\u{2026}"].map { Array($0.utf8) }
/// These end a sentence also where no space follows.
private let fullWidthTerminators = ["\u{3002}", "\u{FF01}", "\u{FF1F}"].map { Array($0.utf8) }
/// Quotes, brackets and marks of emphasis that belong to the sentence before them.
private let closers = [
    "\"", "'", ")", "]", "}", "*", "_", "\u{2019}", "\u{201D}", "\u{BB}", "\u{300D}", "\u{300F}",
    "\u{FF09}",
].map { Array($0.utf8) }

/// A sentence ends behind its terminators and closers, where whitespace or nothing follows, and
/// with a line. Line breaks behind it belong to it.
private func sentenceEnds(_ bytes: [UInt8]) -> [Int] {
    var ends: [Int] = []
    var position = 0
    /// Moves past one of these texts.
    func skip(_ texts: [[UInt8]]) -> Bool {
        guard position < bytes.count else { return false }
        guard let text = texts.first(where: { bytes[position...].starts(with: $0) }) else {
            return false
        }
        position += text.count
        return true
    }
    while position < bytes.count {
        if bytes[position] == lineFeed, let end = lineBreakEnd(bytes, from: position) {
            ends.append(end)
            position = end
            continue
        }
        var isFullWidth = skip(fullWidthTerminators)
        guard isFullWidth || skip(terminators) else {
            position += 1
            continue
        }
        while true {
            if skip(fullWidthTerminators) {
                isFullWidth = true
            } else if !skip(terminators), !skip(closers) {
                break
            }
        }
        if isFullWidth || position == bytes.count || isWhitespace(bytes[position]) {
            let end = lineBreakEnd(bytes, from: position) ?? position
            ends.append(end)
            position = end
        }
    }
    return ends
}

private func delimiterEnds(_ bytes: [UInt8], _ delimiter: [UInt8]) -> [Int] {
    guard let first = delimiter.first else { return [] }
    var ends: [Int] = []
    var position = 0
    while position < bytes.count {
        if bytes[position] == first, bytes[position...].starts(with: delimiter) {
            position += delimiter.count
            ends.append(position)
        } else {
            position += 1
        }
    }
    return ends
}
