import ADPOBase

/// The reference's log-probs of a set of pairs in a file, keyed by all that they depend on.
struct ReferenceCache {
    private static let kind = "adpo-reference-cache"

    let path: String
    /// All that the log-probs depend on, by name.
    let key: [(key: String, value: JSON)]

    /// Fills in the references, if the file has those of this key.
    ///
    /// - Returns: Whether it has.
    /// - Throws: `.io`; `.format` for a file that is damaged, or something else.
    func load(into set: PairSet) throws(ADPOError) -> Bool {
        let file: StateFile
        do throws(ADPOError) {
            file = try StateFile(kind: Self.kind, path: path)
        } catch {
            if error.code == .notFound { return false }
            throw error
        }
        guard file.facts.text == JSON.object(key).text else { return false }
        var rest = (file.tensor("log_probs")?.values ?? [])[...]
        guard rest.count == set.pairs.reduce(0, { $0 + $1.chosen.count + $1.rejected.count }) else {
            throw ADPOError(.format, "\(path) is damaged: it lacks log-probs; remove it")
        }
        for (index, pair) in set.pairs.enumerated() {
            let count = pair.chosen.count + pair.rejected.count
            set.references[index] = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// - Throws: `.io`.
    func save(_ set: PairSet) throws(ADPOError) {
        let values = set.references.flatMap { $0 ?? [] }
        try values.withUnsafeBufferPointer { (values) throws(ADPOError) in
            try StateFile.write(
                kind: Self.kind, facts: .object(key), tensors: [("log_probs", values)], to: path)
        }
    }
}
