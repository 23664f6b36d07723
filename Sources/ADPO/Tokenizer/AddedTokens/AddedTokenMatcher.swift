/// Finds added tokens in a text: from the left, at each place the longest, and none inside of
/// another (as Aho-Corasick automata do with leftmost-longest matching).
struct AddedTokenMatcher: Sendable {
    /// Longer tokens are refused, since each place of a text may have to be read so far. Files have
    /// up to some dozens of bytes.
    static let longestToken = 1024

    private let tokens: [AddedToken]
    /// A trie. The child of node n for byte b is at n << 8 | b; node 0 is the root.
    private var children: [Int: Int] = [:]
    /// The token that ends at a node; -1 for none.
    private var ending: [Int] = [-1]
    private var isFirstByte = Array(repeating: false, count: 256)

    /// A stretch of the text: a token, with the whitespace that it takes along, or text between.
    struct Piece {
        var range: Range<Int>
        var token: Int32?
    }

    /// The last of several tokens with the same content counts.
    init(_ tokens: [AddedToken]) {
        self.tokens = tokens
        for (index, token) in tokens.enumerated() {
            guard let first = token.content.first else { continue }
            isFirstByte[Int(first)] = true
            var node = 0
            for byte in token.content {
                if let child = children[node << 8 | Int(byte)] {
                    node = child
                } else {
                    children[node << 8 | Int(byte)] = ending.count
                    node = ending.count
                    ending.append(-1)
                }
            }
            ending[node] = index
        }
    }

    /// The pieces of a well-formed text, in their order. Without `special`, special tokens are text.
    func split(_ text: UnsafeBufferPointer<UInt8>, special: Bool) -> [Piece] {
        var pieces: [Piece] = []
        var done = 0
        var index = 0
        while !tokens.isEmpty, index < text.count {
            guard let (token, matchEnd) = match(text, at: index) else {
                index += 1
                continue
            }
            var (start, end) = (index, matchEnd)
            index = matchEnd
            if token.isSpecial, !special { continue }
            if token.singleWord, touchesWord(text, start..<end) { continue }
            if token.stripsLeft {
                while start > done {
                    let before = text.scalar(before: start)
                    guard before.scalar.properties.isWhitespace else { break }
                    start = before.start
                }
            }
            if token.stripsRight {
                while end < text.count {
                    let next = text.scalar(at: end)
                    guard next.scalar.properties.isWhitespace else { break }
                    end = next.end
                }
            }
            if done < start { pieces.append(Piece(range: done..<start, token: nil)) }
            pieces.append(Piece(range: start..<end, token: token.id))
            done = end
        }
        if done < text.count { pieces.append(Piece(range: done..<text.count, token: nil)) }
        return pieces
    }

    /// The longest token that begins at an index, and where it ends.
    private func match(
        _ text: UnsafeBufferPointer<UInt8>, at start: Int
    ) -> (token: AddedToken, end: Int)? {
        guard isFirstByte[Int(text[start])] else { return nil }
        var found: (token: AddedToken, end: Int)?
        var node = 0
        var index = start
        while index < text.count, let child = children[node << 8 | Int(text[index])] {
            node = child
            index += 1
            if ending[node] >= 0 { found = (tokens[ending[node]], index) }
        }
        return found
    }

    private func touchesWord(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        range.lowerBound > 0 && text.scalar(before: range.lowerBound).scalar.isWordCharacter
            || range.upperBound < text.count
                && text.scalar(at: range.upperBound).scalar.isWordCharacter
    }
}
