import ADPOBase

extension PreTokenizers {
    /// Splits numbers off: each digit for itself, or runs of digits.
    struct Digits: PreTokenizer {
        let individually: Bool

        init(individually: Bool) { self.individually = individually }

        init(_ json: JSON) { individually = json["individual_digits"]?.bool ?? false }

        var json: JSON { .part("Digits", [("individual_digits", .bool(individually))]) }

        func split(_ text: PreText, _ body: (PreText) -> Void) {
            var start = 0
            while start < text.bytes.count {
                let end = pieceEnd(text.bytes, start)
                body(text.piece(start..<end))
                start = end
            }
        }

        /// A run of numbers, or of what is none.
        private func pieceEnd(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int {
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
}
