/// One of the kinds of blocks that decoder layers are made of. A new kind is one file with its parameters,
/// memory, forward and backward pass, and a case here.
package enum Block: Sendable {
    case attention(AttentionBlock)
    case feedForward(FeedForward)
    case experts(Experts)

    enum Memory {
        case attention(AttentionBlock.Memory)
        case feedForward(FeedForward.Memory)
        case experts(Experts.Memory)
    }

    /// - Parameters:
    ///   - kept: Memory of this block alone, as long as the backward pass wants it.
    ///   - scratch: Memory that other blocks use as well, at other times.
    func memory(
        _ kept: inout MemoryPlan, scratch: inout SharedMemory, _ shape: PassShape
    ) -> Memory {
        scratch.plan { scratch in
            switch self {
            case .attention(let block):
                .attention(block.memory(&kept, scratch: &scratch, shape))
            case .feedForward(let block):
                .feedForward(block.memory(&kept, scratch: &scratch, shape))
            case .experts(let block):
                .experts(block.memory(&kept, scratch: &scratch, shape))
            }
        }
    }

    /// y = block(x), for x and y [tokens, width]; adds to y when `adds`.
    func forward(
        _ pass: Pass, _ memory: Memory, layer: Int, _ x: Slot, adds: Bool,
        into y: UnsafeMutablePointer<Float>
    ) {
        switch (self, memory) {
        case (.attention(let block), .attention(let memory)):
            block.forward(pass, memory, layer: layer, x, adds: adds, into: y)
        case (.feedForward(let block), .feedForward(let memory)):
            block.forward(pass, memory, x, adds: adds, into: y)
        case (.experts(let block), .experts(let memory)):
            block.forward(pass, memory, x, adds: adds, into: y)
        case (.attention, _), (.feedForward, _), (.experts, _): break  // not the block's memory
        }
    }

    /// Given dy, the derivative by y, the one by x; added to dx when `adds`. dx is nil where nothing below
    /// needs it. Adds to the gradients of what is trained.
    func backward(
        _ pass: Pass, _ memory: Memory, x: Slot, dy: UnsafePointer<Float>, adds: Bool,
        into dx: UnsafeMutablePointer<Float>?, gradients: Gradients
    ) {
        switch (self, memory) {
        case (.attention(let block), .attention(let memory)):
            block.backward(
                pass, memory, x: x, dy: dy, adds: adds, into: dx, gradients: gradients)
        case (.feedForward(let block), .feedForward(let memory)):
            block.backward(
                pass, memory, x: x, dy: dy, adds: adds, into: dx, gradients: gradients)
        case (.experts(let block), .experts(let memory)):
            block.backward(
                pass, memory, x: x, dy: dy, adds: adds, into: dx, gradients: gradients)
        case (.attention, _), (.feedForward, _), (.experts, _): break  // not the block's memory
        }
    }

    /// The multiplications with weights that a token takes.
    var multiplications: Double {
        func count(_ layers: [LinearLayer]) -> Double {
            layers.reduce(0) { $0 + Double($1.rows) * Double($1.columns) }
        }
        switch self {
        case .attention(let block): return count(block.projections + [block.output])
        case .feedForward(let block): return count(block.inputs + [block.output])
        case .experts(let block):
            let expert = block.experts.first.map { count($0.inputs + [$0.output]) } ?? 0
            let shared = block.shared.map { shared in
                count([shared.gate, shared.feedForward.output] + shared.feedForward.inputs)
            }
            return count([block.router]) + Double(block.topK) * expert + (shared ?? 0)
        }
    }
}
