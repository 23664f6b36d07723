import ADPOTensor
import CKernels

/// A block beside the stream: stream += scale after(block(before(stream))), where a norm that is nil
/// leaves its input as it is.
package struct Branch: Sendable {
    package let before: NormLayer?
    package let block: Block
    package let after: NormLayer?
    package let scale: Float

    package init(
        before: NormLayer? = nil, _ block: Block, after: NormLayer? = nil, scale: Float = 1
    ) {
        self.before = before
        self.block = block
        self.after = after
        self.scale = scale
    }

    /// The block's output goes into the stream as it is.
    var addsDirectly: Bool { after == nil && scale == 1 }
}

extension Branch {
    struct Memory {
        let block: Block.Memory
        let output: Slot  // [tokens, width], the block's output, where a norm follows
    }

    func memory(
        _ kept: inout MemoryPlan, scratch: inout SharedMemory, _ shape: PassShape, width: Int
    ) -> Memory {
        Memory(
            block: block.memory(&kept, scratch: &scratch, shape),
            output: kept.take(after == nil ? 0 : shape.tokens, width))
    }

    /// The block's input, given the stream: `slot`, or the stream itself.
    func input(_ pass: Pass, of stream: Slot, into slot: Slot) -> Slot {
        guard let before else { return stream }
        pass.weights[before].forward(
            pass.floats(stream), rows: stream.rows, into: pass.floats(slot))
        return slot
    }

    func forward(_ pass: Pass, _ memory: Memory, _ x: Slot, layer: Int, _ stream: Stream) {
        let hidden = pass.floats(stream.hidden)
        guard !addsDirectly else {
            return block.forward(pass, memory.block, layer: layer, x, adds: true, into: hidden)
        }
        let branch = pass.floats(stream.branch)
        if let after {
            let output = pass.floats(memory.output)
            block.forward(pass, memory.block, layer: layer, x, adds: false, into: output)
            pass.weights[after].forward(output, rows: stream.branch.rows, into: branch)
        } else {
            block.forward(pass, memory.block, layer: layer, x, adds: false, into: branch)
        }
        adpo_add_scaled(hidden, branch, scale, stream.branch.count)
    }

    /// Given the derivative by the stream behind the branch, `stream.dhidden`, the one by the block's
    /// input; added to dx when `adds`. dx is nil where nothing before needs it.
    func backward(
        _ pass: Pass, _ memory: Memory, x: Slot, _ stream: Stream, adds: Bool = false,
        into dx: Slot?, gradients: Gradients
    ) {
        block.backward(
            pass, memory.block, x: x, dy: outputDerivative(pass, memory, stream, gradients),
            adds: adds, into: dx.map(pass.floats), gradients: gradients)
    }

    /// The derivative by the block's output.
    private func outputDerivative(
        _ pass: Pass, _ memory: Memory, _ stream: Stream, _ gradients: Gradients
    ) -> UnsafePointer<Float> {
        var dy = pass.floats(stream.dhidden)
        let count = stream.dhidden.count
        if scale != 1 {
            let scaled = pass.floats(stream.branch)
            scaled.update(repeating: 0, count: count)
            adpo_add_scaled(scaled, dy, scale, count)
            dy = scaled
        }
        if let after {
            let dbranch = pass.floats(stream.dbranch)
            dbranch.update(repeating: 0, count: count)
            pass.backward(
                after, pass.floats(memory.output), dy: dy, rows: stream.dhidden.rows,
                into: dbranch, gradients)
            dy = dbranch
        }
        return UnsafePointer(dy)
    }

    /// Adds to `stream.dhidden` what comes through the block's input, given the derivative by that.
    func inputBackward(
        _ pass: Pass, of input: Slot, dx: Slot, _ stream: Stream, _ gradients: Gradients
    ) {
        let (dx, dhidden) = (pass.floats(dx), pass.floats(stream.dhidden))
        guard let before else {
            return adpo_add_scaled(dhidden, dx, 1, stream.dhidden.count)
        }
        pass.backward(
            before, pass.floats(input), dy: dx, rows: input.rows, into: dhidden, gradients)
    }
}
