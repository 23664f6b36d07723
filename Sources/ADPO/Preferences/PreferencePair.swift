import ADPOBase

/// A prompt with the response to prefer and the response to avoid, as token ids.
///
/// An unpaired row has one response only, and the other is empty: a desirable completion is the
/// chosen one, an undesirable the rejected one.
public struct PreferencePair: Sendable, Equatable {
    public let prompt: [Int32]
    public private(set) var chosen: [Int32]
    public private(set) var rejected: [Int32]
    /// The counts of tokens at which the segments of each response end, of granularity `custom`.
    public private(set) var segmentEnds: ResponsePair<[Int]>?
    /// The factor of each response token's log-ratio; 1 where there are none.
    public private(set) var weights: ResponsePair<[Float]>?

    /// - Throws: `.invalidArgument` when one of the three has no tokens.
    public init(prompt: [Int32], chosen: [Int32], rejected: [Int32]) throws(ADPOError) {
        try check([
            ("prompt", prompt), ("chosen response", chosen), ("rejected response", rejected),
        ])
        self.prompt = prompt
        self.chosen = chosen
        self.rejected = rejected
    }

    /// An unpaired row.
    ///
    /// - Throws: `.invalidArgument` when one of the two has no tokens.
    public init(prompt: [Int32], completion: [Int32], isDesirable: Bool) throws(ADPOError) {
        try check([("prompt", prompt), ("completion", completion)])
        self.prompt = prompt
        chosen = isDesirable ? completion : []
        rejected = isDesirable ? [] : completion
    }

    /// Both responses are there.
    public var isPaired: Bool { !chosen.isEmpty && !rejected.isEmpty }

    /// Sets where the segments end; nil for a pair without segments of its own.
    ///
    /// - Throws: `.invalidArgument` unless each response's ends increase, begin above 0 and end with
    ///   the response.
    public mutating func setSegmentEnds(_ ends: ResponsePair<[Int]>?) throws(ADPOError) {
        if let ends {
            try ends.checkSegmentEnds(
                of: ResponsePair(chosen: chosen.count, rejected: rejected.count))
        }
        segmentEnds = ends
    }

    /// Sets what multiplies the log-ratio of each response token; nil for 1.
    ///
    /// - Throws: `.invalidArgument` unless there is one finite number for each token.
    public mutating func setWeights(_ weights: ResponsePair<[Float]>?) throws(ADPOError) {
        if let weights {
            try check(weights: weights.chosen, of: chosen.count, "chosen")
            try check(weights: weights.rejected, of: rejected.count, "rejected")
        }
        self.weights = weights
    }

    /// The pair whose sequences (prompt and response) keep their first `maxLength` tokens, or nil
    /// when the prompt alone fills that length.
    package func truncated(maxLength: Int) -> PreferencePair? {
        guard prompt.count < maxLength else { return nil }
        let room = maxLength - prompt.count
        func cut(_ ends: [Int], _ count: Int) -> [Int] {
            count <= room ? ends : ends.filter { $0 < room } + [room]
        }
        var pair = self
        pair.segmentEnds = segmentEnds.map {
            ResponsePair(
                chosen: cut($0.chosen, chosen.count), rejected: cut($0.rejected, rejected.count))
        }
        pair.weights = weights.map {
            ResponsePair(
                chosen: Array($0.chosen.prefix(room)), rejected: Array($0.rejected.prefix(room)))
        }
        pair.chosen = Array(chosen.prefix(room))
        pair.rejected = Array(rejected.prefix(room))
        return pair
    }

    /// How many tokens each response has lost since it was the one of `whole`; a response that an
    /// unpaired row lacks has lost none.
    func removedCounts(of whole: PreferencePair) -> ResponsePair<Int> {
        func removed(_ own: [Int32], _ whole: [Int32]) -> Int {
            own.isEmpty ? 0 : max(whole.count - own.count, 0)
        }
        return ResponsePair(
            chosen: removed(chosen, whole.chosen), rejected: removed(rejected, whole.rejected))
    }

    /// The pair whose shorter response is as long as the longer one, by EOS tokens of weight 1. It
    /// has no segments of its own; an unpaired row stays as it is.
    func padded(with eos: Int32) -> PreferencePair {
        guard isPaired else { return self }
        var pair = self
        let length = max(chosen.count, rejected.count)
        func pad<Element>(_ array: inout [Element], with element: Element) {
            array += Array(repeating: element, count: length - array.count)
        }
        pad(&pair.chosen, with: eos)
        pad(&pair.rejected, with: eos)
        if var weights {
            pad(&weights.chosen, with: 1)
            pad(&weights.rejected, with: 1)
            pair.weights = weights
        }
        pair.segmentEnds = nil
        return pair
    }
}

private func check(_ parts: [(name: String, ids: [Int32])]) throws(ADPOError) {
    for (name, ids) in parts where ids.isEmpty {
        throw ADPOError(.invalidArgument, "the \(name) has no tokens; it needs at least one")
    }
}

private func check(weights: [Float], of count: Int, _ response: String) throws(ADPOError) {
    guard weights.count == count else {
        throw ADPOError(
            .invalidArgument,
            """
            the \(response) response has \(count) tokens (its EOS token included) and \
            \(weights.count) weights; it needs one for each token
            """)
    }
    if let weight = weights.first(where: { !$0.isFinite }) {
        throw ADPOError(
            .invalidArgument, "a weight of the \(response) response is \(weight), not a number")
    }
}
