import ADPOBase

extension ResponsePair<[Int]> {
    /// - Throws: `.invalidArgument` unless each response's ends increase, begin above 0 and end with
    ///   the response, of so many tokens.
    func checkSegmentEnds(of counts: ResponsePair<Int>) throws(ADPOError) {
        try check(segmentEnds: chosen, of: counts.chosen, "chosen")
        try check(segmentEnds: rejected, of: counts.rejected, "rejected")
    }
}

private func check(
    segmentEnds ends: [Int], of count: Int, _ response: String
) throws(ADPOError) {
    var previous = 0
    for end in ends {
        guard end > previous else {
            throw ADPOError(
                .invalidArgument,
                """
                the segments of the \(response) response overlap: one ends at token \(end) after \
                one that ends at \(previous); the ends must increase from above 0
                """)
        }
        previous = end
    }
    guard previous == count else {
        throw ADPOError(
            .invalidArgument,
            """
            the segments of the \(response) response end at token \(previous), \
            \(previous < count ? "which leaves tokens out" : "which is beyond it"); the last \
            must end at its \(count) tokens
            """)
    }
}
