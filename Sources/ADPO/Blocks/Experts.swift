import ADPOTensor
import CKernels

/// A mixture of experts (arXiv 2401.04088): a router chooses some feed-forward parts for each token, which
/// alone are computed for it, and their outputs are added up with the router's weights.
package struct Experts: Sendable {
    package let router: LinearLayer  // [experts, width]
    /// All of one shape, without biases.
    package let experts: [FeedForward]
    /// The experts that a token goes to.
    package let topK: Int
    /// The weights of the chosen experts add up to 1.
    package let isNormalized: Bool

    package init(
        router: LinearLayer, experts: [FeedForward], topK: Int, isNormalized: Bool
    ) {
        self.router = router
        self.experts = experts
        self.topK = topK
        self.isNormalized = isNormalized
    }

    private var innerWidth: Int { experts.first?.width ?? 0 }
}

// MARK: Memory

extension Experts {
    struct Memory {
        // The forward pass leaves these for the backward pass. Routed rows are those of the tokens, each once
        // for each expert that it goes to, expert after expert.
        let logits: Slot  // [tokens, experts]
        let routerHidden: Slot  // [tokens, rank]
        let experts: FeedForward.Memory  // of all routed rows
        // Scratch that other blocks use, too.
        let x: Slot  // [routed rows, width]
        let y: Slot  // [routed rows, width]; in the backward pass its derivative
        let weighted: Slot  // [routed rows, inner width], activated, times the router's weights
        let dx: Slot
        let dlogits: Slot
    }

    func memory(
        _ kept: inout MemoryPlan, scratch: inout MemoryPlan, _ shape: PassShape
    ) -> Memory {
        var routed = shape
        routed.tokens = shape.tokens * topK
        let width = router.columns
        let expert = experts[0]
        return Memory(
            logits: kept.take(shape.tokens, router.rows),
            routerHidden: kept.take(shape.tokens, shape.rank),
            experts: expert.memory(&kept, scratch: &scratch, routed),
            x: scratch.take(routed.tokens, width), y: scratch.take(routed.tokens, width),
            weighted: scratch.take(routed.tokens, innerWidth),
            dx: scratch.take(routed.trainedTokens, width),
            dlogits: scratch.take(shape.trainedTokens, router.rows))
    }
}

// MARK: Forward and backward

extension Experts {
    /// y = the mixture's output for x, for x and y [tokens, width]; adds to y when `adds`.
    func forward(
        _ pass: Pass, _ memory: Memory, _ x: Slot, adds: Bool, into y: UnsafeMutablePointer<Float>
    ) {
        pass.forward(
            router, pass.rows(x), hidden: memory.routerHidden, into: pass.floats(memory.logits))
        let routing = routing(pass, memory)
        routing.gather(pass.floats(x), width: x.width, into: pass.floats(memory.x))
        forEachExpert(routing, memory) { expert, rows, memory, slots in
            expert.forwardInputs(pass, memory, slots.x)
            expert.activate(pass, memory)
            routing.weigh(
                pass.floats(memory.activated), rows, width: expert.width,
                into: pass.floats(slots.weighted))
            pass.forward(
                expert.output, pass.rows(slots.weighted),
                hidden: memory.hidden[expert.inputs.count], into: pass.floats(slots.y))
        }
        routing.addUp(pass.floats(memory.y), width: x.width, adds: adds, into: y)
    }

    /// Given dy, the derivative by y, the one by x; added to dx when `adds`. dx is nil where nothing below
    /// needs it.
    func backward(
        _ pass: Pass, _ memory: Memory, x: Slot, dy: UnsafePointer<Float>, adds: Bool,
        into dx: UnsafeMutablePointer<Float>?, gradients: Gradients
    ) {
        let routing = routing(pass, memory)
        routing.gather(pass.floats(x), width: x.width, into: pass.floats(memory.x))
        routing.gather(dy, width: x.width, into: pass.floats(memory.y))
        var dweights = [Float](repeating: 0, count: routing.tokens.count)
        forEachExpert(routing, memory) { expert, rows, memory, slots in
            expert.activate(pass, memory)
            let (activated, weighted) = (pass.floats(memory.activated), pass.floats(slots.weighted))
            routing.weigh(activated, rows, width: expert.width, into: weighted)
            let dactivated = pass.floats(memory.dactivated)
            pass.backward(
                expert.output, x: weighted, dy: pass.floats(slots.y), count: rows.count,
                hidden: memory.hidden[expert.inputs.count], into: dactivated, gradients: gradients)
            // The derivative by weight times activated gives those by both.
            for (index, row) in rows.enumerated() {
                let place = index * expert.width
                dweights[row] = adpo_dot(activated + place, dactivated + place, expert.width)
            }
            routing.weigh(dactivated, rows, width: expert.width, into: dactivated)
            expert.activateBackward(pass, memory)
            expert.backwardInputs(
                pass, memory, x: slots.x, adds: false, into: pass.floats(slots.dx),
                gradients: gradients)
        }
        let dlogits = pass.floats(memory.dlogits)
        routing.backward(dweights, into: dlogits)
        if let dx { routing.addUp(pass.floats(memory.dx), width: x.width, adds: adds, into: dx) }
        pass.backward(
            router, x: pass.floats(x), dy: dlogits, count: x.rows, hidden: memory.routerHidden,
            adds: true, into: dx, gradients: gradients)
    }

    private func routing(_ pass: Pass, _ memory: Memory) -> Routing {
        Routing(
            logits: pass.floats(memory.logits), tokens: pass.shape.tokens, experts: router.rows,
            topK: topK, isNormalized: isNormalized)
    }

    /// The routed rows of one expert in the mixture's memory.
    private struct ExpertSlots {
        let x: Slot
        let y: Slot
        let weighted: Slot
        let dx: Slot
    }

    private func forEachExpert(
        _ routing: Routing, _ memory: Memory,
        _ body: (FeedForward, _ rows: Range<Int>, FeedForward.Memory, ExpertSlots) -> Void
    ) {
        for (expert, rows) in zip(experts, routing.rows) where !rows.isEmpty {
            body(
                expert, rows, memory.experts.rows(rows),
                ExpertSlots(
                    x: memory.x.rows(rows), y: memory.y.rows(rows),
                    weighted: memory.weighted.rows(rows), dx: memory.dx.rows(rows)))
        }
    }
}

/// Which tokens go to which experts, and with which weights.
private struct Routing {
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
