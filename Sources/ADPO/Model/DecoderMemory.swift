import ADPOTensor

/// What one pass of the decoder is for; its memory follows from that.
struct PassShape: Equatable {
    var tokens: Int
    /// The most keys that any query sees.
    var keys: Int
    /// Hidden states that go to the head.
    var targets: Int
    /// 0 without adapter.
    var rank: Int
    /// The adapter has magnitudes (DoRA).
    var hasMagnitudes = false
    var hasDropout = false
    /// A backward pass follows: so many bytes of activations are kept. The layers that are left are
    /// computed again, each from its input.
    var isTraining: Bool
    var activationMemory: Int
    var dtype: DType
    /// Parts of a product or of the attention that run side by side.
    var lanes = Parallel.threadCount
}

/// Where everything lies in the one block of floats that a pass works in.
///
/// A pure value: it also tells how much memory a pass takes before any is allocated. Members whose
/// comment is a shape are offsets.
struct DecoderMemory {
    /// What the forward pass leaves of a layer for the backward pass.
    struct Layer {
        let query: Int  // [tokens, heads * headWidth], rotated
        let key: Int  // [tokens, keyValueHeads * headWidth], rotated
        let value: Int  // [tokens, keyValueHeads * headWidth]
        let attended: Int  // [tokens, heads * headWidth]
        let middle: Int  // [tokens, width], after attention
        let gate: Int  // [tokens, feedForwardWidth]
        let up: Int  // [tokens, feedForwardWidth]
        let loraHidden: Int  // [linear layers, tokens, rank]
    }

    let shape: PassShape
    /// The first layers, whose activations are kept, and one that all others share.
    private let layers: [Layer]
    private let layerCount: Int
    private let inputs: Int  // [layers, inputStride], in training
    private let inputStride: Int
    let stream: Int  // [tokens, width], the hidden states
    let normed: Int  // [tokens, width]
    let activated: Int  // [tokens, feedForwardWidth]
    let dropped: Int  // [tokens, widest input], with dropout
    let decomposed: Int  // [tokens, widest output], with magnitudes
    let attention: Int  // scratch of the attention
    let products: Int  // scratch of products
    let pairs: Int  // left operands of products in bf16
    let rows: Int  // [targets, width], the hidden states that go to the head
    let normedRows: Int  // [targets, width]
    let derivatives: Int  // [targets, width], of log-probs by normed rows
    let logits: Int  // scratch of the head
    let logSums: Int  // [targets], log sum exp(logits)
    // For the backward pass; with d before the name of what they are derivatives of.
    let dstream: Int  // [tokens, width]
    let dnormed: Int  // [tokens, width]
    let dactivated: Int  // [tokens, feedForwardWidth]
    let dattended: Int  // [tokens, heads * headWidth]
    let dquery: Int  // [tokens, heads * headWidth]
    let dkey: Int  // [tokens, keyValueHeads * headWidth]
    let dvalue: Int  // [tokens, keyValueHeads * headWidth]
    let dloraHidden: Int  // [tokens, rank]
    let drows: Int  // [targets, width]
    /// Floats in all.
    let count: Int

    func layer(_ index: Int) -> Layer { layers[min(index, layers.count - 1)] }
    /// Whether the backward pass must compute a layer's activations again; the last layer's are still
    /// where the forward pass left them.
    func recomputes(_ layer: Int) -> Bool { layer >= layers.count - 1 && layer < layerCount - 1 }
    /// The hidden states that a layer began with, [tokens, width].
    func input(_ layer: Int) -> Int { inputs + layer * inputStride }

    init(_ model: Model, _ shape: PassShape) {
        var total = 0
        func take(_ count: Int) -> Int {
            defer { total += (count + 15) / 16 * 16 }  // cache lines are 16 floats
            return total
        }
        let architecture = model.architecture
        let tokens = shape.tokens
        let hidden = tokens * architecture.width
        let query = tokens * architecture.queryWidth
        let key = tokens * architecture.keyWidth
        let feedForward = tokens * architecture.feedForwardWidth
        let loraHidden = tokens * shape.rank
        let training = shape.isTraining ? 1 : 0

        let perLayer =
            2 * query + 2 * key + hidden + 2 * feedForward
            + loraHidden * LinearLayer.allCases.count
        let budget = shape.isTraining ? shape.activationMemory / MemoryLayout<Float>.size : 0
        let keptLayers = min(budget / max(perLayer, 1), architecture.layers - 1)
        self.shape = shape
        layerCount = architecture.layers
        inputStride = (hidden + 15) / 16 * 16
        inputs = take(inputStride * architecture.layers * training)
        layers = (0...keptLayers).map { _ in
            Layer(
                query: take(query), key: take(key),
                value: take(key),
                attended: take(query), middle: take(hidden * training), gate: take(feedForward),
                up: take(feedForward), loraHidden: take(loraHidden * LinearLayer.allCases.count))
        }
        stream = take(hidden)
        normed = take(hidden)
        activated = take(feedForward)
        // Of the inputs of linear layers, and of their outputs.
        let widest = max(architecture.width, architecture.queryWidth, architecture.feedForwardWidth)
        dropped = take(shape.hasDropout ? tokens * widest : 0)
        decomposed = take(shape.hasMagnitudes ? tokens * widest : 0)
        attention = take(
            shape.isTraining
                ? architecture.attention.backwardScratch(
                    keys: shape.keys, lanes: shape.lanes, tokens: tokens)
                : Attention.forwardScratch(keys: shape.keys, lanes: shape.lanes))
        products = take(shape.lanes * ProductScratch.floatsPerLane)
        let head = LogProbs(head: model.weights.head)
        pairs = take(
            shape.dtype == .bf16
                ? max(tokens * ((widest + 1) / 2), head.pairs(rows: shape.targets)) : 0)
        rows = take(shape.targets * architecture.width)
        normedRows = take(shape.targets * architecture.width)
        derivatives = take(shape.targets * architecture.width * training)
        logits = take(head.logits(rows: shape.targets))
        logSums = take(shape.targets * training)
        dstream = take(hidden * training)
        dnormed = take(hidden * training)
        dactivated = take(feedForward * training)
        dattended = take(query * training)
        dquery = take(query * training)
        dkey = take(key * training)
        dvalue = take(key * training)
        dloraHidden = take(loraHidden * training)
        drows = take(shape.targets * architecture.width * training)
        count = total
    }
}
