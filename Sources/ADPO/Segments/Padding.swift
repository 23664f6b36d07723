import ADPOBase

/// The padding where the shorter response of a pair has no tokens left to compare, with static and
/// token granularity. The paper pads with EOS, and its figure 1 draws the padding among what is scored
/// (arXiv 2602.09533), so `eos` is the likelier reproduction.
public enum Padding: String, Sendable, CaseIterable {
    /// Nothing: a padded position adds 0 to its margin.
    case mask
    /// EOS tokens, appended to the response, fed and scored.
    case eos

    /// - Throws: `.invalidArgument` for EOS where nothing is padded.
    package func validate(_ granularity: Granularity) throws(ADPOError) {
        switch (self, granularity) {
        case (.mask, _), (.eos, .static), (.eos, .token): break
        case (.eos, _):
            throw ADPOError(
                .invalidArgument,
                """
                padding with EOS needs static or token granularity: with \(granularity) nothing \
                is padded
                """)
        }
    }
}
