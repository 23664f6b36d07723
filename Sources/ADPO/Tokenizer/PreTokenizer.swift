extension ArraySlice<PreTokenizerStep> {
    /// More steps than this are refused; files have up to 3.
    static let maximumCount = 8

    /// Calls `body` with the words of a well-formed text, in their order.
    func forEachWord(
        of text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        guard !text.isEmpty else { return }
        guard let step = first else { return body(text) }
        if step == .prefixSpace {
            if text.first == UInt8(ascii: " ") { return dropFirst().forEachWord(of: text, body) }
            return ([UInt8(ascii: " ")] + text).withUnsafeBufferPointer { text in
                dropFirst().forEachWord(of: text, body)
            }
        }
        var start = 0
        while start < text.count {
            let end = step.pieceEnd(text, from: start)
            dropFirst().forEachWord(of: UnsafeBufferPointer(rebasing: text[start..<end]), body)
            start = end
        }
    }
}

extension PreTokenizerStep {
    /// Where the piece ends that begins at an index.
    fileprivate func pieceEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        switch self {
        case .digits(let individually): Self.digitsEnd(text, start, individually)
        case .words(let pattern): pattern.wordEnd(text, from: start)
        case .prefixSpace: text.count
        }
    }

    /// A run of numbers, or of what is none.
    private static func digitsEnd(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ individually: Bool
    ) -> Int {
        let first = text.scalar(at: start)
        let isNumeric = first.scalar.isNumeric
        var end = first.end
        if isNumeric, individually { return end }
        while end < text.count {
            let next = text.scalar(at: end)
            guard next.scalar.isNumeric == isNumeric else { break }
            end = next.end
        }
        return end
    }
}
