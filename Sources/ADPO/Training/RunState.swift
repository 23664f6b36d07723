/// Where a run is. Beside the parameters and what the optimizer keeps, its next updates depend on
/// nothing else, so this is what a checkpoint holds.
struct RunState: Equatable {
    /// Updates so far.
    var stepsDone = 0
    /// Tokens of all updates so far.
    var tokensSeen = 0
    /// The rate that the schedule multiplies.
    var learningRate: Double
    /// Whether an update has changed the parameters.
    var hasMoved = false
    /// The metrics of each micro-batch of the update that is under way.
    var window: [Metrics] = []
    /// Whether the chosen responses become less likely.
    var trend = ChosenTrend()
    /// The results of the run's evaluations.
    var evaluations: EvaluationHistory?
}
