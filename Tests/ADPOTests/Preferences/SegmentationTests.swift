import ADPO
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

    /// Runs cover each response in order, none is empty, and the longer ones come first.
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
                #expect(lengths == lengths.sorted(by: >))
                #expect((lengths.max() ?? 0) - (lengths.min() ?? 0) <= 1)
            }
        }
    }

    @Test(arguments: [Granularity.static(0), .static(.min), .adaptive(0), .adaptive(-3)])
    func refusesSizesBelowOne(_ granularity: Granularity) {
        #expect(throws: ADPOError.self) {
            try Segmentation(granularity, chosenCount: 3, rejectedCount: 3)
        }
    }

    @Test(arguments: [Granularity.response, .token, .static(2), .adaptive(2)])
    func refusesResponsesWithoutTokens(_ granularity: Granularity) {
        #expect(throws: ADPOError.self) {
            try Segmentation(granularity, chosenCount: 0, rejectedCount: 0)
        }
    }
}
