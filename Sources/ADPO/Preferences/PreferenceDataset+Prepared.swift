import ADPOBase

/// The pairs of a dataset as training sees them.
package struct PreparedPairs: Sendable {
    package var pairs: [PreferencePair]
    /// The place in the dataset of each of them, from 0.
    package let indices: [Int]
    /// Left out, since their prompt alone fills the maximum length.
    package let dropped: Int
    /// Among `pairs`, with a response that lost its end.
    package let truncated: Int
}

extension PreferenceDataset {
    /// The pairs with their sequences (prompt and response) cut to `maxLength` tokens.
    package func truncated(maxLength: Int) -> PreparedPairs {
        var kept: [PreferencePair] = []
        var indices: [Int] = []
        var truncated = 0
        for (index, pair) in pairs.enumerated() {
            guard let cut = pair.truncated(maxLength: maxLength) else { continue }
            kept.append(cut)
            indices.append(index)
            if cut != pair { truncated += 1 }
        }
        return PreparedPairs(
            pairs: kept, indices: indices, dropped: pairs.count - kept.count, truncated: truncated)
    }

    /// The pairs cut to `maxLength` tokens, with the segments that the granularity finds in their
    /// text, and padded with EOS if that is wanted.
    ///
    /// - Throws: `.invalidArgument` for a granularity or a padding that makes no sense, for padding
    ///   with EOS where the tokenizer has none, and for `custom` where a pair has no segments.
    package func prepared(
        maxLength: Int, granularity: Granularity, padding: Padding = .mask
    ) throws(ADPOError) -> PreparedPairs {
        try granularity.validate()
        try padding.validate(granularity)
        var prepared = truncated(maxLength: maxLength)
        if padding == .eos {
            guard let eos = tokenizer.eos else {
                throw ADPOError(
                    .invalidArgument,
                    "padding with EOS needs an EOS token, which this model's tokenizer lacks")
            }
            prepared.pairs = prepared.pairs.map { $0.padded(with: eos) }
        }
        if granularity.isOfText {
            for index in prepared.pairs.indices {
                let pair = prepared.pairs[index]
                try prepared.pairs[index].setSegmentEnds(
                    ResponsePair(
                        chosen: tokenizer.segmentEnds(of: pair.chosen, granularity),
                        rejected: tokenizer.segmentEnds(of: pair.rejected, granularity)))
            }
        }
        if granularity == .custom {
            for (pair, index) in zip(prepared.pairs, prepared.indices) where pair.segmentEnds == nil
            {
                throw ADPOError(
                    .invalidArgument,
                    """
                    pair \(index + 1) has no segments, which the granularity custom needs: set \
                    their ends, or give the responses as arrays of texts
                    """)
            }
        }
        return prepared
    }
}
