import ADPOBase

extension PreTokenizers {
    /// Splits by a text, such as a space, or by a regular expression.
    struct Split: PreTokenizer {
        let separator: Separator
        let behavior: Behavior
        /// Whether the separator is what is kept rather than what divides.
        let isInverted: Bool

        /// Says what becomes of the text by which is split.
        enum Behavior: String {
            case isolated = "Isolated"
            case removed = "Removed"
            case mergedWithPrevious = "MergedWithPrevious"
            case mergedWithNext = "MergedWithNext"
            case contiguous = "Contiguous"
        }

        init(_ text: [UInt8], _ behavior: Behavior) {
            separator = .text(text)
            self.behavior = behavior
            isInverted = false
        }

        init(_ json: JSON) throws(ADPOError) {
            let name = json["behavior"]?.string ?? ""
            guard let behavior = Behavior(rawValue: name) else {
                throw .unsupportedPart("the pre-tokenizer Split with '\(name)'")
            }
            separator = try Separator(json, part: "the pre-tokenizer Split")
            let isInverted = json["invert"]?.bool ?? false
            // Isolating matches comes to the same as removing what is between them, if nothing is.
            let isIsolating = behavior == .removed && isInverted && separator.coversEveryText
            self.behavior = isIsolating ? .isolated : behavior
            self.isInverted = isInverted && !isIsolating
        }

        var json: JSON {
            .splitPart(separator.json, behavior.rawValue, isInverted: isInverted)
        }

        func split(_ text: PreText, _ body: (PreText) -> Void) {
            if behavior == .isolated { return separator.isolate(text, body) }
            for range in pieces(of: text.bytes) where !range.isEmpty { body(text.piece(range)) }
        }

        private func pieces(of text: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
            let parts = parts(of: text)
            var pieces: [Range<Int>] = []
            var wasDivider = false
            switch behavior {
            case .isolated, .removed: return parts.filter { !$0.isDivider }.map(\.range)
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
            separator.forEachMatch(in: text) { match in
                if match.lowerBound > done { parts.append((done..<match.lowerBound, isInverted)) }
                done = match.upperBound
                parts.append((match, !isInverted))
            }
            if done < text.count { parts.append((done..<text.count, isInverted)) }
            return parts
        }
    }
}

extension JSON {
    /// The part `Split` by a pattern as tokenizer.json has it.
    static func splitPart(
        _ pattern: JSON, _ behavior: String = "Isolated", isInverted: Bool = false
    ) -> JSON {
        .part(
            "Split",
            [
                ("pattern", pattern), ("behavior", .string(behavior)),
                ("invert", .bool(isInverted)),
            ])
    }
}
