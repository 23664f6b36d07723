/// Notices when the chosen responses become less likely: DPO-like losses only look at the margin,
/// and can lower both sides of it.
///
/// It follows the log-ratio to the reference, so that it does not matter which pairs an
/// update has: the mean over the last updates against that over the first.
package struct ChosenTrend: Equatable {
    /// Updates at either end.
    package static let window = 10

    var first: [Double] = []
    var last: [Double] = []

    package init() {}

    /// - Parameter logRatio: Of the chosen responses, mean over an update's pairs; NaN, for an update
    ///   without any, is passed over.
    /// - Returns: By how much their log-prob has fallen; 0 unless that is more than two standard
    ///   errors.
    package mutating func add(_ logRatio: Double) -> Double {
        guard !logRatio.isNaN else { return 0 }
        guard first.count == Self.window else {
            first.append(logRatio)
            return 0
        }
        last.append(logRatio)
        if last.count > Self.window { last.removeFirst() }
        guard last.count == Self.window else { return 0 }
        let (before, now) = (statistics(first), statistics(last))
        let fall = before.mean - now.mean
        return fall > 2 * (before.squaredError + now.squaredError).squareRoot() ? fall : 0
    }

    /// The mean, and the square of its standard error.
    private func statistics(_ values: [Double]) -> (mean: Double, squaredError: Double) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (mean, squares / (count - 1) / count)
    }
}
