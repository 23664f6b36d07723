import ADPOTensor
import CKernels

/// Which tokens go to which experts, and with which weights.
struct Routing {
    /// The routed rows of each expert.
    private(set) var rows: [Range<Int>] = []
    /// The token of each routed row.
    private(set) var tokens: [Int] = []
    /// The router's weight of each routed row.
    private(set) var weights: [Float] = []
    private var experts: [Int] = []
    /// The routed rows of each token, [tokens, topK].
    private var rowsOfToken: [Int]
    /// softmax(logits), [tokens, experts].
    private let probabilities: [Float]
    private let expertCount: Int
    private let topK: Int
    private let isNormalized: Bool

    init(
        logits: UnsafePointer<Float>, tokens count: Int, experts expertCount: Int, topK: Int,
        isNormalized: Bool
    ) {
        self.expertCount = expertCount
        self.topK = topK
        self.isNormalized = isNormalized
        var probabilities = Array(
            UnsafeBufferPointer(start: logits, count: count * expertCount))
        var chosen: [[(token: Int, choice: Int)]] = Array(repeating: [], count: expertCount)
        for token in 0..<count {
            let range = token * expertCount..<(token + 1) * expertCount
            probabilities.withUnsafeMutableBufferPointer {
                if let base = $0.baseAddress {
                    _ = adpo_softmax(base + range.lowerBound, expertCount, 1)
                }
            }
            var best: [Int] = []
            for choice in 0..<topK {
                // The first of equals wins.
                var next: Int?
                for index in range where !best.contains(index) {
                    if next.map({ probabilities[index] > probabilities[$0] }) ?? true {
                        next = index
                    }
                }
                guard let next else { break }
                best.append(next)
                chosen[next - range.lowerBound].append((token, choice))
            }
        }
        self.probabilities = probabilities
        rowsOfToken = Array(repeating: 0, count: count * topK)
        for (expert, choices) in chosen.enumerated() {
            rows.append(tokens.count..<tokens.count + choices.count)
            for (token, choice) in choices {
                rowsOfToken[token * topK + choice] = tokens.count
                tokens.append(token)
                experts.append(expert)
                weights.append(probabilities[token * expertCount + expert])
            }
        }
        guard isNormalized else { return }
        for token in 0..<count {
            let sum = choices(of: token).reduce(0) { $0 + weights[$1] }
            for row in choices(of: token) { weights[row] /= sum }
        }
    }

    private func choices(of token: Int) -> ArraySlice<Int> {
        rowsOfToken[token * topK..<(token + 1) * topK]
    }

    /// Copies each token's row to its routed rows.
    func gather(
        _ source: UnsafePointer<Float>, width: Int, into target: UnsafeMutablePointer<Float>
    ) {
        for (row, token) in tokens.enumerated() {
            (target + row * width).update(from: source + token * width, count: width)
        }
    }

    /// Multiplies routed rows, the first of which is at `source`, with their weights.
    func weigh(
        _ source: UnsafePointer<Float>, _ rows: Range<Int>, width: Int,
        into target: UnsafeMutablePointer<Float>
    ) {
        for (index, row) in rows.enumerated() {
            let (weight, start) = (weights[row], index * width)
            for column in start..<start + width { target[column] = weight * source[column] }
        }
    }

    /// Sums up the routed rows of each token.
    func addUp(
        _ source: UnsafePointer<Float>, width: Int, adds: Bool,
        into target: UnsafeMutablePointer<Float>
    ) {
        Parallel.forEachRange(rowsOfToken.count / topK) { range in
            for token in range {
                let sum = target + token * width
                if !adds { sum.update(repeating: 0, count: width) }
                for row in choices(of: token) {
                    adpo_add_scaled(sum, source + row * width, 1, width)
                }
            }
        }
    }

    /// The derivative by the logits, [tokens, experts], given the one by each routed row's weight.
    func backward(_ dweights: [Float], into dlogits: UnsafeMutablePointer<Float>) {
        dlogits.update(repeating: 0, count: probabilities.count)
        for token in 0..<rowsOfToken.count / topK {
            let start = token * expertCount
            // Either the chosen alone share the probability, or all.
            let sum = choices(of: token).reduce(Float(0)) { $0 + weights[$1] * dweights[$1] }
            if !isNormalized {
                for expert in start..<start + expertCount {
                    dlogits[expert] = -probabilities[expert] * sum
                }
            }
            for row in choices(of: token) {
                dlogits[start + experts[row]] +=
                    weights[row] * (isNormalized ? dweights[row] - sum : dweights[row])
            }
        }
    }
}
