import ADPO
import ADPOBase
import Testing

struct SegmentationTests {
    static let lengths = (1...9).flatMap { chosen in (1...9).map { (chosen, $0) } }
    static let sizes = Array(1...12) + [1000, .max]

    private func segments(
        _ granularity: Granularity, _ chosenCount: Int, _ rejectedCount: Int
    ) throws -> [Segment] {
        let segmentation = try Segmentation(
            granularity, chosenCount: chosenCount, rejectedCount: rejectedCount)
        #expect(segmentation.chosenCount == chosenCount)
        #expect(segmentation.rejectedCount == rejectedCount)
        return segmentation.segments
    }

    @Test(arguments: lengths)
    func responseIsOneSegment(_ chosenCount: Int, _ rejectedCount: Int) throws {
        #expect(
            try segments(.response, chosenCount, rejectedCount)
                == [Segment(chosen: 0..<chosenCount, rejected: 0..<rejectedCount)])
    }

    @Test(arguments: lengths)
    func tokenIsStaticOfOne(_ chosenCount: Int, _ rejectedCount: Int) throws {
        #expect(
            try segments(.token, chosenCount, rejectedCount)
                == segments(.static(1), chosenCount, rejectedCount))
    }

    /// Token t lies in window t / k; the shorter response has none in the last windows.
    @Test(arguments: lengths)
    func staticWindowsHoldTheirTokens(_ chosenCount: Int, _ rejectedCount: Int) throws {
        for size in Self.sizes {
            let windows = try segments(.static(size), chosenCount, rejectedCount)
            let longer = max(chosenCount, rejectedCount)
            #expect(windows.count == longer / size + (longer % size == 0 ? 0 : 1))
            for (index, window) in windows.enumerated() {
                #expect(
                    window.chosen.elementsEqual((0..<chosenCount).filter { $0 / size == index }))
                #expect(
                    window.rejected.elementsEqual((0..<rejectedCount).filter { $0 / size == index })
                )
            }
        }
    }

    /// Runs cover each response in order, none is empty, and each ends where the paper's figure has it.
    @Test(arguments: lengths)
    func adaptiveRunsAreNearlyEqual(_ chosenCount: Int, _ rejectedCount: Int) throws {
        for count in Self.sizes {
            let runs = try segments(.adaptive(count), chosenCount, rejectedCount)
            #expect(runs.count == min(count, chosenCount, rejectedCount))
            for (ranges, tokens) in [
                (runs.map(\.chosen), chosenCount), (runs.map(\.rejected), rejectedCount),
            ] {
                #expect(Array(ranges.joined()) == Array(0..<tokens))
                let lengths = ranges.map(\.count)
                #expect(lengths.allSatisfy { $0 >= 1 })
                #expect(
                    ranges.map(\.upperBound)
                        == (1...runs.count).map { $0 * tokens / runs.count })
                #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 1)
            }
        }
    }

    /// Figure 1 (f, g) of the paper, and more of its kind.
    @Test(arguments: [
        (5, 2, [2, 3]), (5, 4, [1, 1, 1, 2]), (7, 4, [1, 2, 2, 2]), (9, 4, [2, 2, 2, 3]),
        (10, 4, [2, 3, 2, 3]), (3, 7, [1, 1, 1]),
    ])
    func adaptiveRunsAreThePapers(_ tokens: Int, _ count: Int, _ expected: [Int]) throws {
        #expect(try segments(.adaptive(count), tokens, tokens).map(\.chosen.count) == expected)
    }

    @Test(arguments: [Granularity.static(0), .static(.min), .adaptive(0), .adaptive(-3)])
    func refusesSizesBelowOne(_ granularity: Granularity) {
        #expect(throws: ADPOError.self) {
            try Segmentation(granularity, chosenCount: 3, rejectedCount: 3)
        }
    }

    @Test(arguments: [Granularity.response, .token, .static(2), .adaptive(2)])
    func refusesTwoEmptyResponses(_ granularity: Granularity) {
        #expect(throws: ADPOError.self) {
            try Segmentation(granularity, chosenCount: 0, rejectedCount: 0)
        }
    }

    /// An unpaired row: its only response splits as it would beside one of its own length.
    @Test(arguments: [
        (Granularity.response, [0..<5]), (.token, (0..<5).map { $0..<$0 + 1 }),
        (.static(2), [0..<2, 2..<4, 4..<5]), (.adaptive(2), [0..<2, 2..<5]),
        (.custom, [0..<1, 1..<5]), (.lines, [0..<1, 1..<5]),
    ])
    func splitsAnUnpairedRow(_ granularity: Granularity, _ expected: [Range<Int>]) throws {
        for isDesirable in [true, false] {
            var pair = try PreferencePair(
                prompt: [1], completion: [1, 2, 3, 4, 5], isDesirable: isDesirable)
            try pair.setSegmentEnds(
                isDesirable
                    ? ResponsePair(chosen: [1, 5], rejected: [])
                    : ResponsePair(chosen: [], rejected: [1, 5]))
            let segments = try Segmentation(granularity, pair).segments
            #expect(segments.map { isDesirable ? $0.chosen : $0.rejected } == expected)
            #expect(segments.allSatisfy { (isDesirable ? $0.rejected : $0.chosen).isEmpty })
        }
    }

    /// The surplus of the longer list joins its last common segment.
    @Test(arguments: [
        ([2, 5], [1, 3], [0..<2, 2..<5], [0..<1, 1..<3]),
        ([1, 2, 5], [3], [0..<5], [0..<3]),
        ([1, 2, 3, 5], [1, 3], [0..<1, 1..<5], [0..<1, 1..<3]),
        ([5], [1, 2, 3], [0..<5], [0..<3]),
        ([4, 5], [1, 2, 3], [0..<4, 4..<5], [0..<1, 1..<3]),
    ])
    func customSegmentsAreThoseOfThePair(
        _ chosen: [Int], _ rejected: [Int], _ expectedChosen: [Range<Int>],
        _ expectedRejected: [Range<Int>]
    ) throws {
        var pair = try PreferencePair(prompt: [1], chosen: [1, 2, 3, 4, 5], rejected: [1, 2, 3])
        try pair.setSegmentEnds(ResponsePair(chosen: chosen, rejected: rejected))
        for granularity in [Granularity.custom, .lines, .sentences, .delimiter("x")] {
            let segments = try Segmentation(granularity, pair).segments
            #expect(segments.map(\.chosen) == expectedChosen)
            #expect(segments.map(\.rejected) == expectedRejected)
        }
    }

    @Test(arguments: [Granularity.custom, .lines, .delimiter("x"), .delimiter("")])
    func refusesWithoutEnds(_ granularity: Granularity) {
        let error = #expect(throws: ADPOError.self) {
            try Segmentation(granularity, chosenCount: 3, rejectedCount: 3)
        }
        #expect(error?.code == .invalidArgument)
    }
}
