import ADPOBase

/// Tokens of the chosen and of the rejected response that share one margin.
///
/// A range is empty where the shorter response is padded: a masked position adds nothing.
package struct Segment: Sendable, Equatable {
    package let chosen: Range<Int>
    package let rejected: Range<Int>

    package init(chosen: Range<Int>, rejected: Range<Int>) {
        self.chosen = chosen
        self.rejected = rejected
    }
}

/// How the two responses of one pair split into segments: in order, each token in exactly one.
package struct Segmentation: Sendable, Equatable {
    package let chosenCount: Int
    package let rejectedCount: Int
    package let segments: [Segment]

    /// Splits responses of these lengths as in arXiv 2602.09533. One of them may be empty.
    ///
    /// - Throws: `.invalidArgument` when both are empty, for a size below 1, and for missing ends.
    package init(
        _ granularity: Granularity, chosenCount: Int, rejectedCount: Int,
        segmentEnds: ResponsePair<[Int]>? = nil
    ) throws(ADPOError) {
        try granularity.validate()
        guard chosenCount >= 1 || rejectedCount >= 1 else {
            throw ADPOError(.invalidArgument, "a response without tokens has no segments")
        }
        self.chosenCount = chosenCount
        self.rejectedCount = rejectedCount
        switch granularity {
        case .response:
            segments = [Segment(chosen: 0..<chosenCount, rejected: 0..<rejectedCount)]
        case .token:
            segments = windows(of: 1, chosenCount, rejectedCount)
        case .static(let size):
            segments = windows(of: size, chosenCount, rejectedCount)
        case .adaptive(let count):
            segments = runs(count, chosenCount, rejectedCount)
        case .lines, .sentences, .delimiter, .custom:
            guard let segmentEnds else {
                throw ADPOError(
                    .invalidArgument,
                    """
                    the granularity \(granularity) needs a pair with segments: set their ends, or \
                    give the responses as arrays of texts
                    """)
            }
            segments = joined(segmentEnds)
        }
    }
}

private func windows(of size: Int, _ chosenCount: Int, _ rejectedCount: Int) -> [Segment] {
    stride(from: 0, to: max(chosenCount, rejectedCount), by: size).map { start in
        func window(_ count: Int) -> Range<Int> {
            let start = min(start, count)
            return start..<start + min(size, count - start)
        }
        return Segment(chosen: window(chosenCount), rejected: window(rejectedCount))
    }
}

/// The i-th of m runs ends at floor(i T / m), so that the longer ones come later (figure 1 of
/// arXiv 2602.09533). None is empty, so there are at most as many as the shorter response has tokens.
private func runs(_ count: Int, _ chosenCount: Int, _ rejectedCount: Int) -> [Segment] {
    let count = min(count, commonCount(chosenCount, rejectedCount))
    return (0..<count).map { index in
        func run(_ tokens: Int) -> Range<Int> {
            let (length, rest) = tokens.quotientAndRemainder(dividingBy: count)
            // floor(i T / m) without the product i T, which could overflow.
            func end(_ index: Int) -> Int { index * length + index * rest / count }
            return end(index)..<end(index + 1)
        }
        return Segment(chosen: run(chosenCount), rejected: run(rejectedCount))
    }
}

/// The surplus of the response with more segments joins its last common one.
private func joined(_ ends: ResponsePair<[Int]>) -> [Segment] {
    let count = commonCount(ends.chosen.count, ends.rejected.count)
    return (0..<count).map { index in
        func range(_ ends: [Int]) -> Range<Int> {
            guard let last = ends.last else { return 0..<0 }
            return (index == 0 ? 0 : ends[index - 1])..<(index == count - 1 ? last : ends[index])
        }
        return Segment(chosen: range(ends.chosen), rejected: range(ends.rejected))
    }
}

/// The lesser of two counts; where one is 0, since the row is unpaired, the other.
private func commonCount(_ a: Int, _ b: Int) -> Int {
    a == 0 || b == 0 ? max(a, b) : min(a, b)
}
