import ADPOBase
import ADPOTensor
import CKernels

/// One pass over a sequence: all that the blocks of a decoder compute with.
struct Pass {
    let sequence: PackedSequence
    let shape: PassShape
    let weights: Weights
    let lora: LoRAParameters?
    /// The architecture's tables of rotary position embeddings.
    let rotaries: [RotaryTable]
    let cache: KeyValueCache?
    /// The memory that slots lie in.
    let base: UnsafeMutablePointer<Float>
    let products: ProductScratch
    let adapterScratch: AdapterScratch

    func floats(_ slot: Slot) -> UnsafeMutablePointer<Float> { base + slot.offset }

    /// The rows of a slot as the input of linear layers.
    func rows(_ slot: Slot) -> Rows {
        products.rows(floats(slot), count: slot.rows, width: slot.width)
    }

    /// y = x W^T + bias, with what the adapter changes; adds to y when `adds`.
    ///
    /// - Parameter hidden: Keeps A x of the adapter for the backward pass, [x.count, rank].
    func forward(
        _ layer: LinearLayer, _ x: Rows, hidden: Slot, adds: Bool = false,
        into y: UnsafeMutablePointer<Float>
    ) {
        if let adapted = adapted(layer, hidden) {
            adapted.forward(x, adds: adds, into: y)
        } else {
            weights[layer.weight].multiply(x, beta: adds ? 1 : 0, into: y, scratch: products)
        }
        if let bias = layer.bias {
            adpo_add_bias(y, weights[bias].pointer, x.count, layer.rows)
        }
    }

    /// dx = dy W (+ dx when `adds`) and the adapter's share, and the gradients of what is trained.
    ///
    /// - Parameters:
    ///   - x: The layer's input in the forward pass, [count, columns].
    ///   - dx: nil where nothing below needs it.
    func backward(
        _ layer: LinearLayer, x: UnsafePointer<Float>, dy: UnsafePointer<Float>, count: Int,
        hidden: Slot, adds: Bool = false, into dx: UnsafeMutablePointer<Float>?,
        gradients: Gradients
    ) {
        if let adapted = adapted(layer, hidden), let place = lora?.layout[layer.weight],
            case .adapter(let values) = gradients
        {
            adapted.backward(
                x: x, dy: dy, count: count, adds: adds, dhidden: floats(adapterScratch.dhidden),
                into: dx, da: values + place.a.lowerBound, db: values + place.b.lowerBound,
                dmagnitudes: place.magnitudes.map { values + $0.lowerBound })
            return
        }
        if let dx {
            weights[layer.weight].multiplyTransposed(
                products.rows(dy, count: count, width: layer.rows), beta: adds ? 1 : 0, into: dx,
                scratch: products)
        }
        gradients.weights?.add(layer, x: x, dy: dy, count: count, scratch: products)
    }

    /// dx += the derivative by a norm's input x, given dy, all [rows, width]; and the gradients of what is
    /// trained.
    func backward(
        _ norm: NormLayer, _ x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
        into dx: UnsafeMutablePointer<Float>, _ gradients: Gradients
    ) {
        weights[norm].backward(
            x, dy: dy, rows: rows, into: dx, dweight: gradients.weights?[norm.weight],
            dbias: norm.bias.flatMap { gradients.weights?[$0] })
    }

    /// A linear layer with its adapter; nil when it has none.
    private func adapted(_ layer: LinearLayer, _ hidden: Slot) -> AdaptedLinear? {
        lora?.update(of: layer.weight).map { update in
            AdaptedLinear(
                weights[layer.weight], update, hidden: floats(hidden),
                input: floats(adapterScratch.dropped), output: floats(adapterScratch.decomposed),
                scratch: products)
        }
    }
}

/// Memory that the adapters of all layers share.
struct AdapterScratch {
    let dhidden: Slot  // [tokens, rank], the derivative by A x
    let dropped: Slot  // [tokens, widest input], with dropout
    let decomposed: Slot  // [tokens, widest output], with magnitudes

    /// - Parameters:
    ///   - rows: The most rows that a linear layer has as its input.
    ///   - widest: The most columns of an input or output.
    init(_ plan: inout MemoryPlan, _ shape: PassShape, rows: Int, widest: Int) {
        dhidden = plan.take(shape.isTraining ? rows : 0, shape.rank)
        dropped = plan.take(shape.hasDropout ? rows : 0, widest)
        decomposed = plan.take(shape.hasMagnitudes ? rows : 0, widest)
    }
}

/// A table of rotary position embeddings that passes share.
final class RotaryTable {
    let table: RoPETable

    init(positions: Int, frequencies: [Float], magnitude: Float) throws(ADPOError) {
        table = try RoPETable(
            positions: positions, frequencies: frequencies, magnitude: magnitude)
    }
}
