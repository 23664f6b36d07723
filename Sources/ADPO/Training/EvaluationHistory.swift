/// The results of the evaluations of a run so far.
struct EvaluationHistory: Equatable {
    /// The fingerprint of the pairs that they were made on.
    let pairs: String
    /// The update after which the last one was; nil before the first.
    var step: Int?
    /// The lowest loss, after which update, and the parameters then, if it is kept.
    var bestLoss = Double.infinity
    var bestStep = 0
    var bestParameters: [Float]?
    /// Evaluations in a row without a lower loss.
    var sinceBest = 0

    init(pairs: String) { self.pairs = pairs }

    /// Whether the loss is the lowest.
    mutating func add(_ metrics: Metrics) -> Bool {
        step = metrics.step
        guard metrics.loss < bestLoss else {
            sinceBest += 1
            return false
        }
        (bestLoss, bestStep, sinceBest) = (metrics.loss, metrics.step, 0)
        return true
    }
}
