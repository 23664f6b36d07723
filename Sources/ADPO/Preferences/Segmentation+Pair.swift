import ADPOBase

extension Segmentation {
    /// Splits the responses of a pair. Where a granularity goes by the text, the pair brings the ends,
    /// which `PreferenceDataset.prepared` has found.
    ///
    /// - Throws: `.invalidArgument` for a granularity that makes no sense, and a pair without the
    ///   segments that it needs.
    package init(_ granularity: Granularity, _ pair: PreferencePair) throws(ADPOError) {
        try self.init(
            granularity, chosenCount: pair.chosen.count, rejectedCount: pair.rejected.count,
            segmentEnds: pair.segmentEnds)
    }
}
