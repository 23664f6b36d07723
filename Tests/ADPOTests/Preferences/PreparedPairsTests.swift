import ADPO
import ADPOBase
import TestSupport
import Testing

/// What the trainer gets of a dataset.
struct PreparedPairsTests {
    private func dataset(eos: Int32? = 36) throws -> PreferenceDataset {
        var dataset = PreferenceDataset(vocabulary: 256, tokenizer: .bytes(eos: eos))
        try dataset.append(TextPair(prompt: "pp", chosen: "a\nb\nc", rejected: "d"))
        try dataset.append(TextPair(prompt: "pppp", chosen: "a", rejected: "b"))
        try dataset.append(TextPair(prompt: "p", chosen: "a.\n", rejected: "b\n c"))
        return dataset
    }

    @Test func findsSegmentsInWhatTruncationLeaves() throws {
        let prepared = try dataset().prepared(maxLength: 4, granularity: .lines)
        #expect(prepared.indices == [0, 2])
        #expect(prepared.dropped == 1 && prepared.truncated == 2)
        #expect(
            prepared.pairs.map(\.segmentEnds) == [
                ResponsePair(chosen: [2], rejected: [2]),
                ResponsePair(chosen: [3], rejected: [3]),
            ])
        let whole = try dataset().prepared(maxLength: 100, granularity: .lines)
        #expect(whole.pairs[0].segmentEnds == ResponsePair(chosen: [2, 4, 6], rejected: [2]))
        #expect(whole.dropped == 0 && whole.truncated == 0)
    }

    @Test(arguments: [Granularity.token, .static(3)])
    func padsTheShorterResponseWithEOS(_ granularity: Granularity) throws {
        var dataset = try dataset()
        try dataset.setWeights(
            ResponsePair(chosen: [1, 1, 1, 1, 1, 1], rejected: [0, 0]), ofPair: 0)
        try dataset.append(TextPair(prompt: "p", completion: "a", isDesirable: true))
        let pairs = try dataset.prepared(maxLength: 7, granularity: granularity, padding: .eos)
            .pairs
        #expect(pairs[0].chosen == "a\nb\nc".utf8.map { Int32($0) })
        #expect(pairs[0].rejected == [100, 36, 36, 36, 36])
        #expect(pairs[0].weights?.rejected == [0, 0, 1, 1, 1])
        #expect(pairs[2].chosen == [97, 46, 10, 36, 36])
        #expect(pairs.prefix(3).allSatisfy { $0.chosen.count == $0.rejected.count })
        #expect(pairs[3].rejected.isEmpty)
        let masked = try dataset.prepared(maxLength: 7, granularity: granularity).pairs
        #expect(masked[0].rejected == [100, 36])
    }

    @Test func refusesWhatMakesNoSense() throws {
        let dataset = try dataset()
        for (granularity, padding, message) in [
            (.response, .eos, "nothing is padded"), (.adaptive(2), .eos, "nothing is padded"),
            (.lines, .eos, "nothing is padded"), (.static(0), .mask, "at least 1"),
            (.delimiter(""), .mask, "empty"), (.custom, .mask, "pair 1 has no segments"),
        ] as [(Granularity, Padding, String)] {
            let error = #expect(throws: ADPOError.self) {
                try dataset.prepared(maxLength: 10, granularity: granularity, padding: padding)
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains(message) == true, "\(String(describing: error))")
        }
        let error = #expect(throws: ADPOError.self) {
            try self.dataset(eos: nil).prepared(
                maxLength: 10, granularity: .token, padding: .eos)
        }
        #expect(error?.message.contains("needs an EOS token") == true)
    }

    /// A pair that is left out need not have segments.
    @Test func namesThePairWithoutSegments() throws {
        var dataset = try dataset()
        try dataset.setSegmentEnds(ResponsePair(chosen: [1, 6], rejected: [2]), ofPair: 0)
        let error = #expect(throws: ADPOError.self) {
            try dataset.prepared(maxLength: 4, granularity: .custom)
        }
        #expect(error?.message.contains("pair 3 has no segments") == true)
    }
}
