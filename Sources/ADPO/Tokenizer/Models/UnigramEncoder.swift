/// The scores of Unigram's tokens by id; -infinity for those that no text becomes.
package struct UnigramScores: Sendable {
    package var scores: [Double]
    /// SentencePiece adds scores in single precision, the `tokenizers` package in double.
    package var isSinglePrecision = false

    fileprivate func sum(_ first: Double, _ second: Double) -> Double {
        isSinglePrecision ? Double(Float(first) + Float(second)) : first + second
    }
}

/// The unigram language model (Kudo, arXiv 1804.10959): of all divisions of a word into tokens, the one
/// with the highest sum of scores, found by Viterbi's algorithm.
struct UnigramEncoder: Sendable {
    private let vocabulary: Vocabulary
    private let model: SubwordModel
    private let scores: UnigramScores
    private let unknownScore: Double
    private let prefixes: PrefixTable
    private let byteTokens: [Int32]

    /// A character without a token scores so much less than the worst token.
    private static let unknownPenalty = 10.0

    init(_ vocabulary: Vocabulary, _ model: SubwordModel, _ scores: UnigramScores) {
        self.vocabulary = vocabulary
        self.model = model
        self.scores = scores
        unknownScore = scores.sum(
            scores.scores.filter(\.isFinite).min() ?? 0, -Self.unknownPenalty)
        prefixes = PrefixTable(
            vocabulary, scores.scores.indices.filter { scores.scores[$0].isFinite })
        byteTokens = (0...UInt8.max).map { vocabulary.id(of: ByteToken.text($0)) ?? -1 }
    }

    /// The best division up to each place: its score, where its last token begins, and which it is; -1
    /// for a character without a token.
    struct Workspace {
        fileprivate var score: [Double] = []
        fileprivate var start: [Int] = []
        fileprivate var token: [Int32] = []
        fileprivate var path: [Int] = []
    }

    /// Appends the tokens of one word.
    func encode(
        _ word: UnsafeBufferPointer<UInt8>, into ids: inout [Int32], _ workspace: inout Workspace
    ) {
        findBestPath(word, &workspace)
        workspace.path.removeAll(keepingCapacity: true)
        var end = word.count
        while end > 0 {
            workspace.path.append(end)
            end = workspace.start[end]
        }
        // Unknown characters in a row are one piece.
        var unknownStart: Int?
        func flush(_ end: Int, _ ids: inout [Int32]) {
            if let start = unknownStart { appendUnknown(word, start..<end, &ids) }
            unknownStart = nil
        }
        for end in workspace.path.reversed() {
            let start = workspace.start[end]
            let token = workspace.token[end]
            if token < 0 || token == model.unknown {
                if unknownStart == nil { unknownStart = start }
            } else {
                flush(start, &ids)
                ids.append(token)
            }
        }
        flush(word.count, &ids)
    }

    private func findBestPath(_ word: UnsafeBufferPointer<UInt8>, _ workspace: inout Workspace) {
        let count = word.count + 1
        workspace.score = Array(repeating: 0, count: count)
        workspace.start = Array(repeating: -1, count: count)
        workspace.token = Array(repeating: -1, count: count)
        func consider(_ token: Int32, _ score: Double, _ range: Range<Int>) {
            let candidate = scores.sum(score, workspace.score[range.lowerBound])
            let end = range.upperBound
            guard workspace.start[end] < 0 || candidate > workspace.score[end] else { return }
            workspace.score[end] = candidate
            workspace.start[end] = range.lowerBound
            workspace.token[end] = token
        }
        var start = 0
        while start < word.count {
            let characterEnd = word.scalar(at: start).end
            var isKnown = false
            prefixes.forEachPrefix(of: word, from: start) { token, end in
                consider(token, scores.scores[Int(token)], start..<end)
                if end == characterEnd { isKnown = true }
            }
            if !isKnown { consider(-1, unknownScore, start..<characterEnd) }
            start = characterEnd
        }
    }

    private func appendUnknown(
        _ word: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ ids: inout [Int32]
    ) {
        let piece = UnsafeBufferPointer(rebasing: word[range])
        if let id = vocabulary.id(of: piece) {
            ids.append(id)
        } else if model.fallsBackToBytes, piece.allSatisfy({ byteTokens[Int($0)] >= 0 }) {
            for byte in piece { ids.append(byteTokens[Int(byte)]) }
        } else if let unknown = model.unknown {
            ids.append(unknown)
        }
    }
}
