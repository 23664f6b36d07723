/// A regular expression as a tree.
indirect enum PatternNode {
    case set(ScalarSet)
    case sequence([PatternNode])
    /// The first of these that leads to a match.
    case alternatives([PatternNode])
    /// As often as possible, or as seldom if it is lazy; without a limit where `maximum` is nil.
    case repetition(PatternNode, minimum: Int, maximum: Int?, isLazy: Bool)
    case assertion(Assertion)
    /// Holds where a text follows that the tree matches, or where none does.
    case lookahead(PatternNode, isNegative: Bool)

    /// What must hold at a place, and takes no characters.
    enum Assertion {
        /// The next character is one of these, or the text ends.
        case next(ScalarSet, orEnd: Bool)
        /// A word begins or ends, or none does.
        case wordBoundary(Bool)
        case lineStart
        case textStart
    }
}
