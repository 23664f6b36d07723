import ADPOBase
import ADPOTensor
import CKernels

/// The expert of a mixture that every token goes to: its output is multiplied with the sigmoid of a gate
/// (Qwen 1.5 MoE).
package struct SharedExpert: Sendable {
    package let gate: LinearLayer  // [1, width]
    package let feedForward: FeedForward

    package init(gate: LinearLayer, feedForward: FeedForward) {
        self.gate = gate
        self.feedForward = feedForward
    }
}

// MARK: Memory

extension SharedExpert {
    struct Memory {
        // The forward pass leaves these for the backward pass.
        let weights: Slot  // [tokens], sigmoid of the gate
        let gateHidden: Slot  // [tokens, rank]
        let feedForward: FeedForward.Memory
        // Scratch that other blocks use, too.
        let weighted: Slot  // [tokens, inner width], activated, times the weights
        let dgate: Slot  // [tokens]
    }

    func memory(
        _ kept: inout MemoryPlan, scratch: inout MemoryPlan, _ shape: PassShape
    ) -> Memory {
        Memory(
            weights: kept.take(shape.tokens, 1), gateHidden: kept.take(shape.tokens, shape.rank),
            feedForward: feedForward.memory(&kept, scratch: &scratch, shape),
            weighted: scratch.take(shape.tokens, feedForward.width),
            dgate: scratch.take(shape.trainedTokens, 1))
    }
}

// MARK: Forward and backward

extension SharedExpert {
    /// y += the expert's output for x, for x and y [tokens, width].
    func forward(_ pass: Pass, _ memory: Memory, _ x: Slot, into y: UnsafeMutablePointer<Float>) {
        let weights = pass.floats(memory.weights)
        pass.forward(gate, pass.rows(x), hidden: memory.gateHidden, into: weights)
        for row in 0..<x.rows { weights[row] = 1 / (1 + exp(-weights[row])) }
        feedForward.forwardInputs(pass, memory.feedForward, x)
        weighActivated(pass, memory)
        pass.forward(
            feedForward.output, pass.rows(memory.weighted), hidden: outputHidden(memory),
            adds: true, into: y)
    }

    /// Given dy, the derivative by y, adds the one by x to dx, which is nil where nothing below needs it.
    func backward(
        _ pass: Pass, _ memory: Memory, x: Slot, dy: UnsafePointer<Float>,
        into dx: UnsafeMutablePointer<Float>?, gradients: Gradients
    ) {
        weighActivated(pass, memory)
        let width = feedForward.width
        let (weights, dgate) = (pass.floats(memory.weights), pass.floats(memory.dgate))
        let activated = pass.floats(memory.feedForward.activated)
        let dactivated = pass.floats(memory.feedForward.dactivated)
        pass.backward(
            feedForward.output, x: pass.floats(memory.weighted), dy: dy, count: x.rows,
            hidden: outputHidden(memory), into: dactivated, gradients: gradients)
        for row in 0..<x.rows {
            // The derivative by weight times activated gives those by both.
            let weight = weights[row]
            let dweight = adpo_dot(activated + row * width, dactivated + row * width, width)
            dgate[row] = dweight * weight * (1 - weight)
            for column in row * width..<(row + 1) * width { dactivated[column] *= weight }
        }
        feedForward.activateBackward(pass, memory.feedForward)
        feedForward.backwardInputs(
            pass, memory.feedForward, x: x, adds: true, into: dx, gradients: gradients)
        pass.backward(
            gate, x: pass.floats(x), dy: dgate, count: x.rows, hidden: memory.gateHidden,
            adds: true, into: dx, gradients: gradients)
    }

    private func weighActivated(_ pass: Pass, _ memory: Memory) {
        feedForward.activate(pass, memory.feedForward)
        let weights = pass.floats(memory.weights)
        let activated = pass.floats(memory.feedForward.activated)
        let weighted = pass.floats(memory.weighted)
        let width = feedForward.width
        for row in 0..<memory.weighted.rows {
            for column in row * width..<(row + 1) * width {
                weighted[column] = weights[row] * activated[column]
            }
        }
    }

    private func outputHidden(_ memory: Memory) -> Slot {
        memory.feedForward.hidden[feedForward.inputs.count]
    }
}
