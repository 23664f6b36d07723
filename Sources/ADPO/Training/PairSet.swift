import ADPOBase

/// The pairs of a dataset that a trainer uses, and the reference's log-probs of their responses.
package final class PairSet {
    /// The pairs in use, cut to the maximum length.
    let pairs: [PreferencePair]
    /// Pairs left out, since their prompt alone fills the maximum length.
    let dropped: Int
    /// Pairs in use with a response that lost its end.
    let truncated: Int
    /// `// [pairs][chosen + rejected]`; nil where not yet computed.
    package var references: [[Float]?]
    /// The row of each pair in the dataset, from 0.
    private let rows: [Int]
    /// For each pair, those whose reference is computed with its own. They are fixed, so that the
    /// bits do not depend on the order in which the pairs are met.
    private let groups: [Range<Int>]

    /// - Throws: `.invalidArgument` for pairs of another vocabulary, when none is left, and for one
    ///   that the objective cannot take.
    init(
        _ dataset: PreferenceDataset, of model: Model, _ configuration: TrainerConfiguration
    ) throws(ADPOError) {
        let prepared = try dataset.prepared(for: model, configuration)
        let pairs = prepared.pairs
        self.pairs = pairs
        dropped = prepared.dropped
        truncated = prepared.truncated
        references = Array(repeating: nil, count: pairs.count)
        rows = prepared.indices
        groups = PairBatch.packed(pairs.indices, of: pairs).flatMap { batch in
            let first = batch.members.first?.index ?? 0
            let group = first..<first + batch.members.count
            return Array(repeating: group, count: group.count)
        }
    }

    /// A pair as errors call it.
    func name(_ index: Int) -> String {
        let row = rows[index]
        return row == index ? "pair \(index + 1)" : "pair \(index + 1) (row \(row + 1) of the data)"
    }

    /// The passes that compute the references that some pairs lack.
    func missingReferences(_ indices: some Sequence<Int>) -> [PairBatch] {
        let groups = Set(indices.filter { references[$0] == nil }.map { self.groups[$0] })
        return groups.sorted { $0.lowerBound < $1.lowerBound }
            .flatMap { PairBatch.packed($0, of: pairs) }
    }
}
