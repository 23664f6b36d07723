import ADPOBase

extension PreTokenizers {
    /// `Split` by a text, such as a space.
    struct TextSplit: PreTokenizer {
        let pattern: [UInt8]
        let behavior: Behavior
        /// Whether the text is what is kept rather than what divides.
        let isInverted: Bool

        /// Says what becomes of the text by which is split.
        enum Behavior: String {
            case isolated = "Isolated"
            case removed = "Removed"
            case mergedWithPrevious = "MergedWithPrevious"
            case mergedWithNext = "MergedWithNext"
            case contiguous = "Contiguous"
        }

        init(_ pattern: [UInt8], _ behavior: Behavior) {
            self.pattern = pattern
            self.behavior = behavior
            isInverted = false
        }

        init(_ json: JSON) throws(ADPOError) {
            pattern = try json.stringPattern(of: "the pre-tokenizer Split")
            let name = json["behavior"]?.string ?? ""
            guard let behavior = Behavior(rawValue: name) else {
                throw .unsupportedPart("the pre-tokenizer Split with '\(name)'")
            }
            self.behavior = behavior
            isInverted = json["invert"]?.bool ?? false
        }

        var json: JSON {
            .part(
                "Split",
                [
                    (
                        "pattern",
                        .object([("String", .text(pattern))])
                    ),
                    ("behavior", .string(behavior.rawValue)), ("invert", .bool(isInverted)),
                ])
        }

        func split(_ text: PreText, _ body: (PreText) -> Void) {
            for range in pieces(of: text.bytes) where !range.isEmpty { body(text.piece(range)) }
        }

        private func pieces(of text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
            let parts = parts(of: text)
            var pieces: [Range<Int>] = []
            var wasDivider = false
            switch behavior {
            case .isolated: return parts.map(\.range)
            case .removed: return parts.filter { !$0.isDivider }.map(\.range)
            case .mergedWithPrevious:
                for part in parts {
                    if part.isDivider, !wasDivider, let last = pieces.popLast() {
                        pieces.append(last.lowerBound..<part.range.upperBound)
                    } else {
                        pieces.append(part.range)
                    }
                    wasDivider = part.isDivider
                }
            case .mergedWithNext:
                for part in parts.reversed() {
                    if part.isDivider, !wasDivider, let next = pieces.popLast() {
                        pieces.append(part.range.lowerBound..<next.upperBound)
                    } else {
                        pieces.append(part.range)
                    }
                    wasDivider = part.isDivider
                }
                pieces.reverse()
            case .contiguous:
                for part in parts {
                    if part.isDivider == wasDivider, let last = pieces.popLast() {
                        pieces.append(last.lowerBound..<part.range.upperBound)
                    } else {
                        pieces.append(part.range)
                    }
                    wasDivider = part.isDivider
                }
            }
            return pieces
        }

        /// The text in its order: what divides, and what is between.
        private func parts(
            of text: UnsafeBufferPointer<UInt8>
        ) -> [(range: Range<Int>, isDivider: Bool)] {
            var parts: [(range: Range<Int>, isDivider: Bool)] = []
            var done = 0
            while let match = text.firstMatch(of: pattern, from: done) {
                if match > done { parts.append((done..<match, isInverted)) }
                done = match + pattern.count
                parts.append((match..<done, !isInverted))
            }
            if done < text.count { parts.append((done..<text.count, isInverted)) }
            return parts
        }
    }
}
