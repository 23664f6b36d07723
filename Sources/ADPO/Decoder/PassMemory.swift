import ADPOTensor

/// Where everything lies in the one block of floats that a pass works in, and what it takes besides.
struct PassMemory {
    let shape: PassShape
    let stream: Stream
    let inputs: [Slot]  // [tokens, width], the stream before each layer, in training
    let layers: [Layer.Memory]
    /// The first of the layers that share their memory.
    private let firstShared: Int
    let head: HeadMemory
    let adapters: AdapterScratch
    let products: Slot
    /// The number of floats of all.
    let count: Int
    /// The pairs of bf16 that the left operands of products take; 0 in f32.
    let pairs: Int

    var byteCount: Int { count * MemoryLayout<Float>.size + pairs * MemoryLayout<UInt32>.size }

    init(_ architecture: Architecture, _ shape: PassShape, head logProbs: LogProbs) {
        let (tokens, width) = (shape.tokens, architecture.width)
        let largest = architecture.largestLinear(tokens: tokens)
        self.shape = shape
        var plan = MemoryPlan()
        stream = Stream(&plan, architecture.layers, shape, width: width)
        inputs = architecture.layers.map { _ in plan.take(shape.trainedTokens, width) }
        head = HeadMemory(&plan, shape, width: width, logProbs)
        adapters = AdapterScratch(&plan, shape, rows: largest.rows, widest: largest.width)
        products = plan.take(shape.lanes, ProductScratch.floatsPerLane)
        pairs =
            shape.dtype == .bf16
            ? max(tokens * ((largest.width + 1) / 2), logProbs.pairs(rows: shape.targets)) : 0

        // The blocks' scratch lies behind this; planning it twice tells first how much it is.
        var scratch = SharedMemory(behind: plan)
        var unused = MemoryPlan()
        for layer in architecture.layers {
            _ = layer.memory(&unused, scratch: &scratch, shape, width: width)
        }
        // As many layers as the budget allows have memory of their own; the others share.
        var own = MemoryPlan(from: scratch.end)
        var budget = shape.isTraining ? shape.activationMemory / MemoryLayout<Float>.size : 0
        var layers: [Layer.Memory] = []
        for layer in architecture.layers.dropLast() {
            var next = own
            let memory = layer.memory(&next, scratch: &scratch, shape, width: width)
            budget -= next.end - own.end
            guard budget >= 0 else { break }
            own = next
            layers.append(memory)
        }
        firstShared = layers.count
        var shared = SharedMemory(behind: own)
        for layer in architecture.layers[firstShared...] {
            layers.append(
                shared.plan { layer.memory(&$0, scratch: &scratch, shape, width: width) })
        }
        self.layers = layers
        count = shared.end
    }

    /// Whether the backward pass must compute a layer's activations again; the last layer's are still
    /// where the forward pass left them.
    func recomputes(_ layer: Int) -> Bool { layer >= firstShared && layer < layers.count - 1 }
}

/// The memory that the head works in.
struct HeadMemory {
    let rows: Slot  // [targets, width], the hidden states that go to the head
    let normed: Slot  // [targets, width]
    let logits: Slot
    // These are for training alone.
    let derivatives: Slot  // [targets, width], of log-probs by normed rows
    let logSums: Slot  // [targets], log sum exp(logits)
    let drows: Slot  // [targets, width]

    init(_ plan: inout MemoryPlan, _ shape: PassShape, width: Int, _ head: LogProbs) {
        let (targets, trained) = (shape.targets, shape.isTraining ? shape.targets : 0)
        rows = plan.take(targets, width)
        normed = plan.take(targets, width)
        logits = plan.take(1, head.logits(rows: targets))
        derivatives = plan.take(trained, width)
        logSums = plan.take(trained, 1)
        drows = plan.take(trained, width)
    }
}
