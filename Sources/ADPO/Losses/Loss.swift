/// What turns the margin of a segment into its loss. Each loss has a file of its own.
public enum Loss: String, Sendable, CaseIterable {
    case sigmoid

    /// The loss of a margin, and its derivative by the margin.
    package func callAsFunction(_ margin: Double) -> (loss: Double, derivative: Double) {
        switch self {
        case .sigmoid: sigmoidLoss(margin)
        }
    }
}
