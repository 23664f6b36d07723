import ADPOBase

/// The evaluations and checkpoints of a run, beside its updates.
public struct RunConfiguration: Sendable {
    /// Held-out pairs to evaluate on.
    public var evaluation: PreferenceDataset?
    /// Updates from one evaluation to the next; 0 evaluates at the end alone. The end always is.
    public var evaluationSteps = 0
    /// Evaluations in a row without a lower loss that end the run; 0 never does.
    public var patience = 0
    /// The run ends with the parameters whose evaluation had the lowest loss.
    public var keepsBest = false
    /// A file that the run can be resumed from.
    public var checkpoint: String?
    /// Updates from one checkpoint to the next; 0 writes one at the end alone.
    public var checkpointSteps = 0

    public init() {}

    func validate() throws(ADPOError) {
        for (name, count) in [
            ("evaluation steps", evaluationSteps), ("patience", patience),
            ("checkpoint steps", checkpointSteps),
        ] {
            try require(count >= 0, "the \(name) are \(count); they must be 0 or above")
        }
        try require(
            evaluation != nil || evaluationSteps == 0,
            "there are evaluation steps, but no evaluation pairs")
        try require(
            evaluationSteps > 0 || patience == 0 && !keepsBest,
            "patience and keeping the best need evaluation pairs and evaluation steps")
        try require(
            checkpoint != nil || checkpointSteps == 0,
            "there are checkpoint steps, but no checkpoint file")
    }
}
