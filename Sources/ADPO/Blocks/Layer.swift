import CKernels

/// A decoder layer: two branches beside the stream of hidden states, each of which adds to it: a mixer,
/// which looks at other tokens, and a feed-forward part.
package struct Layer: Sendable {
    package let mixer: Branch
    package let feedForward: Branch
    /// Both branches see the layer's input, rather than one what the other has added. A second branch
    /// without a norm before it then sees what the first one does.
    package let isParallel: Bool

    package init(mixer: Branch, feedForward: Branch, isParallel: Bool = false) {
        self.mixer = mixer
        self.feedForward = feedForward
        self.isParallel = isParallel
    }

    /// The mixer's attention.
    package var attention: AttentionBlock? {
        if case .attention(let block) = mixer.block { block } else { nil }
    }
}

/// The stream of hidden states, and what layers share beside it.
struct Stream {
    let hidden: Slot  // [tokens, width]
    let normed: Slot  // [tokens, width], the input of a branch
    let secondNormed: Slot  // [tokens, width], that of the second of parallel branches
    let branch: Slot  // [tokens, width], the output of a branch, scaled or normalized
    // Derivatives, for the backward pass.
    let dhidden: Slot
    let dnormed: Slot
    let dsecondNormed: Slot
    let dbranch: Slot

    init(_ plan: inout MemoryPlan, _ layers: [Layer], _ shape: PassShape, width: Int) {
        let (tokens, trained) = (shape.tokens, shape.trainedTokens)
        let isParallel = layers.contains(where: \.isParallel)
        let branches = layers.flatMap { [$0.mixer, $0.feedForward] }
        let addsAll = branches.allSatisfy(\.addsDirectly)
        hidden = plan.take(tokens, width)
        normed = plan.take(tokens, width)
        secondNormed = plan.take(isParallel ? tokens : 0, width)
        branch = plan.take(addsAll ? 0 : tokens, width)
        dhidden = plan.take(trained, width)
        dnormed = plan.take(trained, width)
        dsecondNormed = plan.take(isParallel ? trained : 0, width)
        dbranch = plan.take(addsAll ? 0 : trained, width)
    }
}

extension Layer {
    struct Memory {
        let mixer: Branch.Memory
        let feedForward: Branch.Memory
        let middle: Slot  // [tokens, width], the stream between the branches, for the backward pass
    }

    /// - Parameter kept: Memory of this layer alone, as long as the backward pass wants it.
    func memory(
        _ kept: inout MemoryPlan, scratch: inout SharedMemory, _ shape: PassShape, width: Int
    ) -> Memory {
        Memory(
            mixer: mixer.memory(&kept, scratch: &scratch, shape, width: width),
            feedForward: feedForward.memory(&kept, scratch: &scratch, shape, width: width),
            middle: kept.take(isParallel ? 0 : shape.trainedTokens, width))
    }

    /// Adds to the stream what the branches make of it.
    func forward(_ pass: Pass, _ memory: Memory, _ stream: Stream, index: Int) {
        let first = mixer.input(pass, of: stream.hidden, into: stream.normed)
        if isParallel {
            let second = secondInput(pass, of: stream.hidden, first, stream)
            mixer.forward(pass, memory.mixer, first, layer: index, stream)
            feedForward.forward(pass, memory.feedForward, second, layer: index, stream)
            return
        }
        mixer.forward(pass, memory.mixer, first, layer: index, stream)
        if pass.shape.isTraining {
            pass.floats(memory.middle).update(
                from: pass.floats(stream.hidden), count: stream.hidden.count)
        }
        let second = feedForward.input(pass, of: stream.hidden, into: stream.normed)
        feedForward.forward(pass, memory.feedForward, second, layer: index, stream)
    }

    /// Makes `stream.dhidden`, the derivative by the stream behind the layer, that by its input.
    ///
    /// - Parameter isLast: Nothing before the layer is trained.
    func backward(
        _ pass: Pass, _ memory: Memory, _ stream: Stream, input: Slot, isLast: Bool,
        gradients: Gradients
    ) {
        if isParallel {
            parallelBackward(
                pass, memory, stream, input: input, isLast: isLast, gradients: gradients)
            return
        }
        for (branch, branchMemory, input, isLast) in [
            (feedForward, memory.feedForward, memory.middle, false),
            (mixer, memory.mixer, input, isLast),
        ] {
            let x = branch.input(pass, of: input, into: stream.normed)
            branch.backward(
                pass, branchMemory, x: x, stream, into: isLast ? nil : stream.dnormed,
                gradients: gradients)
            guard !isLast else { return }
            branch.inputBackward(pass, of: input, dx: stream.dnormed, stream, gradients)
        }
    }

    private func parallelBackward(
        _ pass: Pass, _ memory: Memory, _ stream: Stream, input: Slot, isLast: Bool,
        gradients: Gradients
    ) {
        let isShared = feedForward.before == nil
        let first = mixer.input(pass, of: input, into: stream.normed)
        let second = secondInput(pass, of: input, first, stream)
        let dsecond = isShared ? stream.dnormed : stream.dsecondNormed
        feedForward.backward(
            pass, memory.feedForward, x: second, stream, into: isLast ? nil : dsecond,
            gradients: gradients)
        mixer.backward(
            pass, memory.mixer, x: first, stream, adds: isShared,
            into: isLast ? nil : stream.dnormed, gradients: gradients)
        guard !isLast else { return }
        mixer.inputBackward(pass, of: input, dx: stream.dnormed, stream, gradients)
        if !isShared {
            feedForward.inputBackward(
                pass, of: input, dx: stream.dsecondNormed, stream, gradients)
        }
    }

    /// The input of the second of parallel branches.
    private func secondInput(_ pass: Pass, of input: Slot, _ first: Slot, _ stream: Stream) -> Slot
    {
        feedForward.before == nil
            ? first : feedForward.input(pass, of: input, into: stream.secondNormed)
    }
}
