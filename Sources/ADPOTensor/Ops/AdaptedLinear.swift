import CKernels

/// A frozen linear layer with an adapter: y = x W^T + scale B A x.
///
/// With dropout, the adapter sees d(x) in place of x. With DoRA, and u = d(x) W^T + scale B A d(x), it
/// is y = gains u + (x - d(x)) W^T, as PEFT computes it.
package struct AdaptedLinear {
    private let weight: Matrix
    private let lora: LoRA
    private let scratch: ProductScratch
    private let hidden: UnsafeMutablePointer<Float>
    private let input: UnsafeMutablePointer<Float>
    private let output: UnsafeMutablePointer<Float>

    /// `hidden` keeps A x for the backward pass, [count, rank]. With dropout `input` is scratch,
    /// [count, in], and with DoRA `output`, [count, out].
    package init(
        _ weight: Matrix, _ lora: LoRA, hidden: UnsafeMutablePointer<Float>,
        input: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>,
        scratch: ProductScratch
    ) {
        self.weight = weight
        self.lora = lora
        self.hidden = hidden
        self.input = input
        self.output = output
        self.scratch = scratch
    }

    /// Adds to y when `adds`.
    package func forward(_ x: Rows, adds: Bool, into y: UnsafeMutablePointer<Float>) {
        let (count, width) = (x.count, weight.columns)
        let beta: Float = adds ? 1 : 0
        lora.dropout?.forward(x.floats, count: count * width, into: input)
        guard let dora = lora.dora else {
            // Where A x is wanted of something else than x, it is computed in f32: the rows of x are
            // still needed in the type that they are in.
            let seen = lora.dropout == nil ? x : Rows(floats: input, count: count, width: width)
            let update = lora.forward(seen, hidden: hidden, scratch: scratch)
            weight.multiply(x, beta: beta, adding: update, into: y, scratch: scratch)
            return
        }
        let seen = lora.dropout == nil ? x : scratch.rows(input, count: count, width: width)
        let update = lora.forward(seen, hidden: hidden, scratch: scratch)
        weight.multiply(seen, adding: update, into: output, scratch: scratch)
        dora.forward(output, count: count, adds: adds, into: y)
        if let dropout = lora.dropout {
            dropout.remainder(x.floats, count: count * width, into: input)
            weight.multiply(
                scratch.rows(input, count: count, width: width), beta: 1, into: y, scratch: scratch)
            _ = scratch.rows(x.floats, count: count, width: width)  // as the caller has them
        }
    }

    /// Adds to the gradients of the adapter, and gives dx (added to when `adds`), which is nil where
    /// nothing below needs it.
    ///
    /// `hidden` is as the forward pass left it; `dhidden` is scratch, [count, rank].
    package func backward(
        x: UnsafePointer<Float>, dy: UnsafePointer<Float>, count: Int, adds: Bool,
        dhidden: UnsafeMutablePointer<Float>, into dx: UnsafeMutablePointer<Float>?,
        da: UnsafeMutablePointer<Float>, db: UnsafeMutablePointer<Float>,
        dmagnitudes: UnsafeMutablePointer<Float>?
    ) {
        let width = weight.columns
        lora.dropout?.forward(x, count: count * width, into: input)
        let seen = lora.dropout == nil ? x : UnsafePointer(input)
        var du = dy
        if let dora = lora.dora, let dmagnitudes {
            // u is computed again: one more product, and no memory for each layer.
            weight.multiply(
                scratch.rows(seen, count: count, width: width), adding: lora.update(hidden),
                into: output, scratch: scratch)
            dora.backward(output, dy: dy, count: count, dmagnitudes: dmagnitudes)
            du = UnsafePointer(output)
        }
        let rows = scratch.rows(du, count: count, width: weight.rows)
        let update = lora.backward(rows, dhidden: dhidden, scratch: scratch)
        // The gradients of A and B need what is in `input`, and are therefore first.
        lora.addGradients(
            x: seen, hidden: hidden, dy: du, dhidden: dhidden, count: count, da: da, db: db,
            scratch: scratch)
        guard let dx else { return }
        let beta: Float = adds ? 1 : 0
        guard let dropout = lora.dropout else {
            weight.multiplyTransposed(
                rows, beta: beta, adding: update, into: dx, scratch: scratch)
            return
        }
        if lora.dora != nil {
            // The part of dx that comes through dropout, d(x): (du - dy) W + dhidden A.
            Parallel.forEachRange(count * weight.rows) { range in
                adpo_add_scaled(
                    output + range.lowerBound, dy + range.lowerBound, -1, range.count)
            }
            weight.multiplyTransposed(
                scratch.rows(output, count: count, width: weight.rows), adding: update, into: input,
                scratch: scratch)
        } else {
            lora.inputGradient(dhidden, count: count, into: input, scratch: scratch)
        }
        weight.multiplyTransposed(
            scratch.rows(dy, count: count, width: weight.rows), beta: beta, into: dx,
            scratch: scratch)
        dropout.backward(input, count: count * width, into: dx)
    }
}
