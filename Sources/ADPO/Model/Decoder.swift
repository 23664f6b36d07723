import ADPOTensor
import CKernels

/// Runs a model's decoder forward and backward, in memory of its own.
///
/// One thread at a time. A forward pass leaves the hidden states inside (and the activations, when
/// a backward pass is to follow); the head and the backward pass find them there.
final class Decoder {
    /// Keeps the sizes that follow from it within 64 bits.
    private static let maximumTokens = 1 << 24

    let model: Model
    let architecture: Architecture
    /// What the large products compute in: f32 or bf16.
    let dtype: DType
    /// Bytes of activations that a training pass may keep.
    private let activationMemory: Int
    /// What the passes compute with.
    private(set) var weights: Weights
    private(set) var sequence = PackedSequence()
    private(set) var memory: DecoderMemory
    private var buffer: Buffer<Float>
    private var rope: RoPETable
    private var ropeLength = 0

    init(
        model: Model, dtype: DType, activationMemory: Int = 0
    ) throws(ADPOError) {
        self.model = model
        architecture = model.architecture
        weights = model.weights
        self.dtype = dtype.resolved(for: model)
        self.activationMemory = activationMemory
        memory = DecoderMemory(
            model,
            PassShape(
                tokens: 0, keys: 0, targets: 0, rank: 0, isTraining: false, activationMemory: 0,
                dtype: self.dtype))
        buffer = try Buffer(zeros: 0)
        rope = try RoPETable(positions: 0, frequencies: [], magnitude: 1)
    }

    /// The block that `memory` describes.
    var base: UnsafeMutablePointer<Float> { buffer.pointer }
    /// What products work in.
    var products: ProductScratch {
        let pairs = UnsafeMutableRawPointer(base + memory.pairs)
            .assumingMemoryBound(to: UInt32.self)
        return ProductScratch(
            base + memory.products, lanes: memory.shape.lanes,
            pairs: dtype == .bf16 ? pairs : nil)
    }
    var ropeTable: RoPETable { _read { yield rope } }

    /// Makes room for a pass over a sequence, with other weights of the same shapes than the model's
    /// if there are some. Memory is kept for the next pass, and grows when it must.
    ///
    /// - Throws: `.outOfMemory`.
    func prepare(
        _ sequence: PackedSequence, weights: Weights?, _ lora: LoRAParameters?, isTraining: Bool
    ) throws(ADPOError) {
        guard sequence.tokens.count <= Self.maximumTokens, sequence.length <= Self.maximumTokens
        else {
            throw ADPOError(
                .outOfMemory,
                "out of memory: a sequence of \(sequence.tokens.count) tokens; at most "
                    + "\(Self.maximumTokens) are possible")
        }
        let memory = DecoderMemory(
            model,
            PassShape(
                tokens: sequence.tokens.count, keys: sequence.keyCount,
                targets: sequence.targets.count,
                rank: lora?.layout.rank ?? 0, hasMagnitudes: lora?.layout.hasMagnitudes ?? false,
                hasDropout: lora?.dropout != nil, isTraining: isTraining,
                activationMemory: activationMemory,
                dtype: dtype))
        if buffer.count < memory.count {
            buffer = try Buffer(zeros: 0)  // the old block goes before the new one is taken
            buffer = try Buffer(zeros: memory.count)
        }
        try prepareRoPE(length: sequence.length)
        self.memory = memory
        self.sequence = sequence
        self.weights = weights ?? model.weights
    }

    private func prepareRoPE(length: Int) throws(ADPOError) {
        let rotary = architecture.rotary
        guard rope.positions < length || rotary.dependsOnLength && ropeLength != length else {
            return
        }
        // Twice what is needed, so that generation does not come here for each token.
        rope = try RoPETable(
            positions: length * 2, frequencies: rotary.frequencies(length: length),
            magnitude: rotary.magnitude)
        ropeLength = length
    }
}
