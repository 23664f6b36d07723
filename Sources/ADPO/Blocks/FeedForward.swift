import ADPOTensor

/// The feed-forward part of a decoder layer: output(activation(gate x) * up x) where it is gated
/// (arXiv 2002.05202), and output(activation(up x)) where it is plain.
package struct FeedForward: Sendable {
    package enum Input: Sendable {
        case gated(gate: LinearLayer, up: LinearLayer)
        /// One linear layer for both, [gate, up].
        case fused(LinearLayer)
        case plain(LinearLayer)
    }

    package let activation: Activation
    package let input: Input
    package let output: LinearLayer

    package init(activation: Activation, input: Input, output: LinearLayer) {
        self.activation = activation
        self.input = input
        self.output = output
    }

    /// The width between the linear layers.
    package var width: Int { output.columns }

    package var inputs: [LinearLayer] {
        switch input {
        case .gated(let gate, let up): [gate, up]
        case .fused(let layer), .plain(let layer): [layer]
        }
    }
}

// MARK: Parameters

extension FeedForward {
    /// Gated, with linear layers of their own, as most families have it.
    ///
    /// - Parameters:
    ///   - module: The module of the linear layers.
    ///   - suffix: What their names end with in GGUF files.
    package init(
        _ build: inout ParameterBuilder, gated activation: Activation, width: Int, inner: Int,
        bias: ParameterBuilder.Bias = .none, module: String = "mlp", suffix: String = ""
    ) {
        self.init(
            activation: activation,
            input: .gated(
                gate: build.linear(
                    .init("\(module).gate_proj", "ffn_gate\(suffix)"), rows: inner,
                    columns: width, bias: bias),
                up: build.linear(
                    .init("\(module).up_proj", "ffn_up\(suffix)"), rows: inner, columns: width,
                    bias: bias)),
            output: build.linear(
                .init("\(module).down_proj", "ffn_down\(suffix)"), rows: width, columns: inner,
                bias: bias))
    }

    /// Plain, of two linear layers with these names in transformers.
    package init(
        _ build: inout ParameterBuilder, plain activation: Activation, _ up: String,
        _ down: String, width: Int, inner: Int, bias: ParameterBuilder.Bias = .none
    ) {
        self.init(
            activation: activation,
            input: .plain(
                build.linear(
                    .init("mlp.\(up)", "ffn_up"), rows: inner, columns: width, bias: bias)),
            output: build.linear(
                .init("mlp.\(down)", "ffn_down"), rows: width, columns: inner, bias: bias))
    }
}

// MARK: Memory

extension FeedForward {
    struct Memory {
        // The forward pass leaves these for the backward pass.
        let inner: [Slot]  // [tokens, rows of the input layer]; in the backward pass its derivative
        let hidden: [Slot]  // [tokens, rank], of the inputs and the output
        // Scratch that other blocks use, too.
        let activated: Slot  // [tokens, width]
        let dactivated: Slot  // [tokens, width]

        /// The memory of some of the tokens.
        func rows(_ range: Range<Int>) -> Memory {
            Memory(
                inner: inner.map { $0.rows(range) }, hidden: hidden.map { $0.rows(range) },
                activated: activated.rows(range), dactivated: dactivated.rows(range))
        }
    }

    func memory(
        _ kept: inout MemoryPlan, scratch: inout MemoryPlan, _ shape: PassShape
    ) -> Memory {
        Memory(
            inner: inputs.map { kept.take(shape.tokens, $0.rows) },
            hidden: (0...inputs.count).map { _ in kept.take(shape.tokens, shape.rank) },
            activated: scratch.take(shape.tokens, width),
            dactivated: scratch.take(shape.trainedTokens, width))
    }
}

// MARK: Forward and backward

extension FeedForward {
    /// y = feed-forward of x, for x and y [tokens, width]; adds to y when `adds`.
    func forward(
        _ pass: Pass, _ memory: Memory, _ x: Slot, adds: Bool, into y: UnsafeMutablePointer<Float>
    ) {
        forwardInputs(pass, memory, x)
        activate(pass, memory)
        pass.forward(
            output, pass.rows(memory.activated), hidden: memory.hidden[inputs.count], adds: adds,
            into: y)
    }

    /// Given dy, the derivative by y, the one by x; added to dx when `adds`. dx is nil where nothing below
    /// needs it.
    func backward(
        _ pass: Pass, _ memory: Memory, x: Slot, dy: UnsafePointer<Float>, adds: Bool,
        into dx: UnsafeMutablePointer<Float>?, gradients: Gradients
    ) {
        // The gradient needs the output's input, which is computed again.
        activate(pass, memory)
        pass.backward(
            output, x: pass.floats(memory.activated), dy: dy, count: x.rows,
            hidden: memory.hidden[inputs.count], into: pass.floats(memory.dactivated),
            gradients: gradients)
        activateBackward(pass, memory)
        backwardInputs(pass, memory, x: x, adds: adds, into: dx, gradients: gradients)
    }

    /// The linear layers before the activation.
    func forwardInputs(_ pass: Pass, _ memory: Memory, _ x: Slot) {
        let x = pass.rows(x)
        for (index, input) in inputs.enumerated() {
            pass.forward(
                input, x, hidden: memory.hidden[index], into: pass.floats(memory.inner[index]))
        }
    }

    func backwardInputs(
        _ pass: Pass, _ memory: Memory, x: Slot, adds: Bool,
        into dx: UnsafeMutablePointer<Float>?, gradients: Gradients
    ) {
        for (index, input) in inputs.enumerated() {
            pass.backward(
                input, x: pass.floats(x), dy: pass.floats(memory.inner[index]), count: x.rows,
                hidden: memory.hidden[index], adds: adds || index > 0, into: dx,
                gradients: gradients)
        }
    }

    func activate(_ pass: Pass, _ memory: Memory) {
        let (tokens, activated) = (memory.activated.rows, pass.floats(memory.activated))
        if let (gate, up) = gateAndUp(pass, memory) {
            activation.forward(gate: gate, up: up, rows: tokens, width: width, into: activated)
        } else {
            activation.forward(pass.floats(memory.inner[0]), count: tokens * width, into: activated)
        }
    }

    /// The derivatives replace what is in `memory.inner`.
    func activateBackward(_ pass: Pass, _ memory: Memory) {
        let (tokens, dactivated) = (memory.dactivated.rows, pass.floats(memory.dactivated))
        if let (gate, up) = gateAndUp(pass, memory) {
            activation.backward(gate: gate, up: up, dout: dactivated, rows: tokens, width: width)
        } else {
            let inner = pass.floats(memory.inner[0])
            activation.backward(inner, dout: dactivated, count: tokens * width, into: inner)
        }
    }

    /// nil for a plain one.
    private func gateAndUp(_ pass: Pass, _ memory: Memory) -> (gate: StridedRows, up: StridedRows)?
    {
        let first = pass.floats(memory.inner[0])
        switch input {
        case .gated:
            return (
                StridedRows(floats: first, stride: width),
                StridedRows(floats: pass.floats(memory.inner[1]), stride: width)
            )
        case .fused:
            return (
                StridedRows(floats: first, stride: 2 * width),
                StridedRows(floats: first + width, stride: 2 * width)
            )
        case .plain: return nil
        }
    }
}
