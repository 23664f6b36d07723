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
    package let shared: SharedExpert?

    package init(
        router: LinearLayer, experts: [FeedForward], topK: Int, isNormalized: Bool,
        shared: SharedExpert? = nil
    ) {
        self.router = router
        self.experts = experts
        self.topK = topK
        self.isNormalized = isNormalized
        self.shared = shared
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
        let shared: SharedExpert.Memory?
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
            shared: shared?.memory(&kept, scratch: &scratch, shape),
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
        if let shared, let memory = memory.shared { shared.forward(pass, memory, x, into: y) }
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
        if let shared, let memory = memory.shared {
            shared.backward(pass, memory, x: x, dy: dy, into: dx, gradients: gradients)
        }
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
