/// A preference pair as text. The responses follow the prompt as they are, so a separating space or
/// line break belongs to one of them.
public struct TextPair: Sendable {
    public let prompt: String
    /// Nil in an unpaired row that is undesirable.
    public let chosen: String?
    /// Nil in an unpaired row that is desirable.
    public let rejected: String?

    public init(prompt: String, chosen: String, rejected: String) {
        self.prompt = prompt
        self.chosen = chosen
        self.rejected = rejected
    }

    /// An unpaired row.
    public init(prompt: String, completion: String, isDesirable: Bool) {
        self.prompt = prompt
        chosen = isDesirable ? completion : nil
        rejected = isDesirable ? nil : completion
    }
}
