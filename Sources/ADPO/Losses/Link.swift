/// What turns the margin of a segment into its loss. Each link has a file of its own.
package enum Link: Sendable, CaseIterable {
    case sigmoid

    /// The loss of a margin, and its derivative by the margin.
    package func callAsFunction(_ margin: Double) -> (loss: Double, derivative: Double) {
        switch self {
        case .sigmoid: sigmoidLink(margin)
        }
    }
}
