import ADPOBase
import ADPOTensor
import CKernels

/// Runs a model's decoder forward and backward, in memory of its own.
///
/// One thread at a time. A forward pass leaves the hidden states inside (and the activations, when
/// a backward pass is to follow); the head and the backward pass find them there.
package final class Decoder {
    /// Keeps the sizes that follow from it within 64 bits.
    private static let maximumTokens = 1 << 24
    /// The most keys that a pass is planned for grow by so many at a time, so that generation does not
    /// plan anew for each token.
    private static let keyStep = 64

    let architecture: Architecture
    /// The type that the large products compute in: f32 or bf16.
    let dtype: DType
    /// Bytes of activations that a training pass may keep.
    private let activationMemory: Int
    private let modelWeights: Weights
    private(set) var memory: PassMemory
    private(set) var pass: Pass
    private var floats: Buffer<Float>
    /// Rows rounded to bf16, as the left operands of products.
    private var pairs: Buffer<UInt32>
    private var rotaries: [RotaryTable] = []
    /// The variant of its frequencies that each table was made for.
    private var variants: [Int] = []

    package init(model: Model, dtype: DType, activationMemory: Int = 0) throws(ADPOError) {
        architecture = model.architecture
        modelWeights = model.weights
        self.dtype = dtype.resolved(for: model.weights)
        self.activationMemory = activationMemory
        let shape = PassShape(
            tokens: 0, keys: 0, targets: 0, rank: 0, isTraining: false, activationMemory: 0,
            dtype: self.dtype)
        memory = PassMemory(
            architecture, shape, head: architecture.logProbs(model.weights))
        floats = try Buffer(zeros: memory.count)
        pairs = try Buffer(zeros: memory.pairs)
        for rotary in architecture.rotaries {
            rotaries.append(try RotaryTable(rotary, length: 0))
            variants.append(rotary.variant(length: 0))
        }
        pass = Pass(
            sequence: PackedSequence(), weights: modelWeights, lora: nil, cache: nil,
            rotaries: rotaries, memory, floats.pointer, pairs.pointer)
    }

    /// Computes the hidden states of a sequence, with the model's weights or others of the same
    /// shapes, and with LoRA matrices when there are some.
    ///
    /// With a cache, keys and values go there, behind those that it holds, and the sequence is one
    /// span that continues the cached text.
    ///
    /// - Throws: `.outOfMemory`; `.invalidArgument` for more positions than the model has.
    package func forward(
        _ sequence: PackedSequence, weights: Weights? = nil, lora: LoRAParameters?,
        isTraining: Bool = false, cache: KeyValueCache? = nil
    ) throws(ADPOError) {
        try prepare(sequence, weights: weights, lora, isTraining: isTraining, cache)
        try cache?.reserve(sequence.tokens.count)
        embed()
        for layer in architecture.layers.indices { forward(layer) }
        cache?.advance(by: sequence.tokens.count)
    }

    private func forward(_ layer: Int) {
        if memory.shape.isTraining {
            let input = memory.inputs[layer]
            pass.floats(input).update(from: pass.floats(memory.stream.hidden), count: input.count)
        }
        architecture.layers[layer].forward(
            pass, memory.layers[layer], memory.stream, index: layer)
    }

    /// Adds the gradients of the adapter's parameters, or of all weights, laid out like their values,
    /// given the derivative of the loss by each target's log-prob, [targets]. Follows a training pass
    /// and its `logProbs`.
    package func backward(derivative: UnsafePointer<Float>, gradients: Gradients) {
        headBackward(derivative, gradients)
        let firstLayer = pass.lora?.layout.firstLayer ?? 0
        for layer in stride(from: architecture.layers.count - 1, through: firstLayer, by: -1) {
            if memory.recomputes(layer) { recompute(layer) }
            architecture.layers[layer].backward(
                pass, memory.layers[layer], memory.stream, input: memory.inputs[layer],
                isLast: pass.lora != nil && layer == firstLayer, gradients: gradients)
        }
        embedBackward(gradients)
    }

    /// Computes a layer's activations again, from the input that the forward pass kept.
    private func recompute(_ layer: Int) {
        let input = memory.inputs[layer]
        pass.floats(memory.stream.hidden).update(from: pass.floats(input), count: input.count)
        architecture.layers[layer].forward(
            pass, memory.layers[layer], memory.stream, index: layer)
    }

    // MARK: The embedding

    private func embed() {
        let (width, scale) = (architecture.width, architecture.embeddingScale)
        let hidden = pass.floats(memory.stream.hidden)
        let embedding = pass.weights[architecture.embedding]
        for (row, token) in pass.sequence.tokens.enumerated() {
            let output = hidden + row * width
            embedding.decode(row: Int(token), into: output)
            if scale != 1 { for i in 0..<width { output[i] *= scale } }
        }
        guard let positions = architecture.positions else { return }
        // Nothing else is in the memory of the branches yet.
        let learned = pass.floats(memory.stream.normed)
        for (row, position) in pass.sequence.positions.enumerated() {
            pass.weights[positions].decode(row: Int(position), into: learned)
            adpo_add_scaled(hidden + row * width, learned, 1, width)
        }
    }

    private func embedBackward(_ gradients: Gradients) {
        guard let gradients = gradients.weights else { return }
        let dhidden = pass.floats(memory.stream.dhidden)
        gradients.add(
            embedding: architecture.embedding, ids: pass.sequence.tokens, dy: dhidden,
            scale: architecture.embeddingScale, width: architecture.width)
        if let positions = architecture.positions {
            gradients.add(
                embedding: positions, ids: pass.sequence.positions, dy: dhidden, scale: 1,
                width: architecture.width)
        }
    }

    // MARK: Memory

    /// Makes room for a pass over a sequence. Memory is kept for the next pass, and grows when it must.
    private func prepare(
        _ sequence: PackedSequence, weights: Weights?, _ lora: LoRAParameters?, isTraining: Bool,
        _ cache: KeyValueCache?
    ) throws(ADPOError) {
        guard sequence.tokens.count <= Self.maximumTokens, sequence.length <= Self.maximumTokens
        else {
            throw ADPOError(
                .outOfMemory,
                "out of memory: a sequence of \(sequence.tokens.count) tokens; at most "
                    + "\(Self.maximumTokens) are possible")
        }
        if let maximum = architecture.maximumPositions, sequence.length > maximum {
            throw ADPOError(
                .invalidArgument,
                "a text of \(sequence.length) tokens is too long: the model has \(maximum) "
                    + "positions")
        }
        let keys = (sequence.keyCount + Self.keyStep - 1) / Self.keyStep * Self.keyStep
        let shape = PassShape(
            tokens: sequence.tokens.count, keys: keys, targets: sequence.targets.count,
            rank: lora?.layout.rank ?? 0, hasMagnitudes: lora?.layout.hasMagnitudes ?? false,
            hasDropout: lora?.dropout != nil, isTraining: isTraining,
            activationMemory: activationMemory, dtype: dtype)
        let weights = weights ?? modelWeights
        var memory = memory
        if shape != memory.shape {
            memory = PassMemory(architecture, shape, head: architecture.logProbs(weights))
        }
        try Self.grow(&floats, to: memory.count)
        try Self.grow(&pairs, to: memory.pairs)
        try prepareRotaries(length: sequence.length)
        self.memory = memory
        pass = Pass(
            sequence: sequence, weights: weights, lora: lora, cache: cache, rotaries: rotaries,
            memory, floats.pointer, pairs.pointer)
    }

    private static func grow<Element>(
        _ buffer: inout Buffer<Element>, to count: Int
    ) throws(ADPOError) {
        guard buffer.count < count else { return }
        buffer = try Buffer(zeros: 0)  // The old block goes before the new one is taken.
        buffer = try Buffer(zeros: count)
    }

    private func prepareRotaries(length: Int) throws(ADPOError) {
        for (index, rotary) in architecture.rotaries.enumerated() {
            let variant = rotary.variant(length: length)
            guard rotaries[index].table.positions < length || variants[index] != variant else {
                continue
            }
            rotaries[index] = try RotaryTable(rotary, length: length)
            variants[index] = variant
        }
    }
}

extension Pass {
    fileprivate init(
        sequence: PackedSequence, weights: Weights, lora: LoRAParameters?, cache: KeyValueCache?,
        rotaries: [RotaryTable], _ memory: PassMemory, _ base: UnsafeMutablePointer<Float>,
        _ pairs: UnsafeMutablePointer<UInt32>
    ) {
        self.init(
            sequence: sequence, shape: memory.shape, weights: weights, lora: lora,
            rotaries: rotaries, cache: cache, base: base,
            products: ProductScratch(
                base + memory.products.offset, lanes: memory.shape.lanes,
                pairs: memory.shape.dtype == .bf16 ? pairs : nil),
            adapterScratch: memory.adapters)
    }
}

extension RotaryTable {
    /// For twice the length, so that generation does not need another one for each token.
    fileprivate convenience init(_ rotary: RotaryEmbedding, length: Int) throws(ADPOError) {
        try self.init(
            positions: length * 2, frequencies: rotary.frequencies(length: length),
            magnitude: rotary.magnitude)
    }
}
