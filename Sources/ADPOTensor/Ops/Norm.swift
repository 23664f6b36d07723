import CKernels

/// A norm of rows of `width` floats.
package struct Norm: Sendable {
    package enum Kind: Sendable {
        /// y = x / sqrt(mean(x^2) + epsilon) * weight (arXiv 1910.07467)
        case rms
        /// y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias (arXiv 1607.06450)
        case layer
    }

    package let kind: Kind
    package let weight: Vector
    /// LayerNorm alone has one.
    package let bias: Vector?
    package let epsilon: Float

    package init(kind: Kind, weight: Vector, bias: Vector? = nil, epsilon: Float) {
        self.kind = kind
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
    }

    package var width: Int { weight.count }

    /// x and y are [rows, width].
    package func forward(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>
    ) {
        Parallel.forEachRange(rows) { range in
            let offset = range.lowerBound * width
            onThisThread(x + offset, rows: range.count, into: y + offset)
        }
    }

    /// dx += the derivative by x, given dy; all are [rows, width]. The same for dweight and dbias, [width],
    /// where they are trained.
    package func backward(
        _ x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
        into dx: UnsafeMutablePointer<Float>, dweight: UnsafeMutablePointer<Float>? = nil,
        dbias: UnsafeMutablePointer<Float>? = nil
    ) {
        if let dweight { addWeightGradient(x, dy: dy, rows: rows, into: dweight) }
        if let dbias { addBiasGradient(dy: dy, count: rows, width: width, into: dbias) }
        Parallel.forEachRange(rows) { range in
            let offset = range.lowerBound * width
            backwardOnThisThread(x + offset, dy: dy + offset, rows: range.count, into: dx + offset)
        }
    }

    private func onThisThread(
        _ x: UnsafePointer<Float>, rows: Int, into y: UnsafeMutablePointer<Float>
    ) {
        switch kind {
        case .rms: adpo_rms_norm(x, weight.pointer, y, rows, width, epsilon)
        case .layer: adpo_layer_norm(x, weight.pointer, bias?.pointer, y, rows, width, epsilon)
        }
    }

    private func backwardOnThisThread(
        _ x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
        into dx: UnsafeMutablePointer<Float>
    ) {
        switch kind {
        case .rms: adpo_rms_norm_backward(x, weight.pointer, dy, dx, rows, width, epsilon)
        case .layer: adpo_layer_norm_backward(x, weight.pointer, dy, dx, rows, width, epsilon)
        }
    }

    private func addWeightGradient(
        _ x: UnsafePointer<Float>, dy: UnsafePointer<Float>, rows: Int,
        into dweight: UnsafeMutablePointer<Float>
    ) {
        switch kind {
        case .rms: adpo_rms_norm_weight_backward(x, dy, dweight, rows, width, epsilon)
        case .layer: adpo_layer_norm_weight_backward(x, dy, dweight, rows, width, epsilon)
        }
    }
}

// MARK: Of heads

extension Norm {
    /// Calls `body` with the tokens' runs of units: all units of a token, where they are neighbours, or one.
    private func forEachRun(
        of count: Int, tokens: Range<Int>, areNeighbours: Bool,
        _ body: (_ token: Int, _ unit: Int, _ rows: Int) -> Void
    ) {
        for token in tokens {
            if areNeighbours {
                body(token, 0, count)
            } else {
                for unit in 0..<count { body(token, unit, 1) }
            }
        }
    }

    /// y = norm of x for `count` units of `width` in each token's row.
    package func forward(_ x: Heads, count: Int, tokens: Int, into y: Heads) {
        let areNeighbours = x.headStride == width && y.headStride == width
        Parallel.forEachRange(tokens) { range in
            forEachRun(of: count, tokens: range, areNeighbours: areNeighbours) {
                onThisThread(x.place($0, $1), rows: $2, into: y.place($0, $1))
            }
        }
    }

    /// dx = the derivative by x, given dy, and dweight += that by the weight, where it is trained.
    package func backward(
        _ x: Heads, dy: Heads, count: Int, tokens: Int, into dx: Heads,
        dweight: UnsafeMutablePointer<Float>? = nil
    ) {
        let areNeighbours = [x, dy, dx].allSatisfy { $0.headStride == width }
        if let dweight {
            forEachRun(of: count, tokens: 0..<tokens, areNeighbours: areNeighbours) {
                addWeightGradient(
                    x.place($0, $1), dy: dy.place($0, $1), rows: $2, into: dweight)
            }
        }
        Parallel.forEachRange(tokens) { range in
            forEachRun(of: count, tokens: range, areNeighbours: areNeighbours) {
                let dx = dx.place($0, $1)
                dx.update(repeating: 0, count: $2 * width)
                backwardOnThisThread(
                    x.place($0, $1), dy: dy.place($0, $1), rows: $2, into: dx)
            }
        }
    }
}
