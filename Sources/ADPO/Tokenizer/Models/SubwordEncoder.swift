/// Makes tokens of words as a `SubwordModel` says.
enum SubwordEncoder: Sendable {
    case bytePair(BytePairEncoder)
    case unigram(UnigramEncoder)

    init(_ vocabulary: Vocabulary, _ model: SubwordModel, isByteLevel: Bool) {
        if let scores = model.unigram {
            self = .unigram(UnigramEncoder(vocabulary, model, scores))
        } else {
            self = .bytePair(BytePairEncoder(vocabulary, model, isByteLevel: isByteLevel))
        }
    }

    /// Memory that the encoding of one word after another reuses.
    struct Workspace {
        fileprivate var bytePair = BytePairEncoder.Workspace()
        fileprivate var unigram = UnigramEncoder.Workspace()
    }

    /// Appends the tokens of one word.
    func encode(
        _ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: inout Workspace
    ) {
        switch self {
        case .bytePair(let encoder): encoder.encode(word, into: &ids, &workspace.bytePair)
        case .unigram(let encoder): encoder.encode(word, into: &ids, &workspace.unigram)
        }
    }
}
