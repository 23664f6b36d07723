/// A byte-level BPE tokenizer as a plain value, from whichever file it was read.
package struct TokenizerDescription: Sendable {
    package var vocabulary = Vocabulary()
    /// In the order of their ranks.
    package var merges: [Merge] = []
    package var addedTokens: [AddedToken] = []
    package var normalization = Normalization.none
    package var preTokenizer: [PreTokenizerStep] = []
    /// A word that is a token as it stands needs no merges (llama-3).
    package var ignoresMerges = false
    /// Stands for bytes without a token of their own, which are left out without it.
    package var unknownByte: Int32?
    /// One `unknownByte` stands for a run of such bytes.
    package var fusesUnknown = false
    /// What the post-processor puts before and after a text.
    package var prefix: [Int32] = []
    package var suffix: [Int32] = []
    package var bos: Int32?
    package var eos: Int32?
    package var pad: Int32?
    package var unknown: Int32?

    package init() {}
}

/// `left` followed by `right` becomes `merged`; all three are token ids.
package struct Merge: Sendable {
    package var left: Int32
    package var right: Int32
    package var merged: Int32
}

/// A token that is looked for in the text before anything else is done to it.
package struct AddedToken: Sendable {
    package var id: Int32
    package var content: [UInt8]
    /// Can be left out of decoded text.
    package var isSpecial = false
    /// Only where no word character touches it.
    package var singleWord = false
    /// Takes the whitespace on its left, or right, with it.
    package var stripsLeft = false
    package var stripsRight = false
    /// Is looked for in the normalized text; its content is normalized too.
    package var isNormalized = false
}

package enum Normalization: Sendable {
    case none
    case nfc
}

/// Each step splits every piece that the steps before it left.
package enum PreTokenizerStep: Sendable, Equatable {
    /// Splits numbers off: each digit for itself, or runs of digits.
    case digits(individually: Bool)
    case words(WordPattern)
    /// Puts a space before each piece that lacks one.
    case prefixSpace
}
