import CKernels

/// The low-rank update of a linear layer (arXiv 2106.09685): y += scale B A x. `AdaptedLinear` computes
/// layer and update together.
///
/// A is [rank, columns], B is [rows, rank]; x is [count, columns], y is [count, rows].
package struct LoRA {
    let a: UnsafePointer<Float>
    let b: UnsafePointer<Float>
    let rank: Int
    let rows: Int
    let columns: Int
    let scale: Float
    /// Set in a training pass with dropout.
    let dropout: Dropout?
    let dora: DoRA?

    package init(
        a: UnsafePointer<Float>, b: UnsafePointer<Float>, rank: Int, rows: Int, columns: Int,
        scale: Float, dropout: Dropout? = nil, dora: DoRA? = nil
    ) {
        self.a = a
        self.b = b
        self.rank = rank
        self.rows = rows
        self.columns = columns
        self.scale = scale
        self.dropout = dropout
        self.dora = dora
    }

    /// weights = gain (weights + scale B[row] A), for one row of the layer's weight, [columns].
    package func merge(row: Int, into weights: UnsafeMutablePointer<Float>) {
        for index in 0..<rank {
            adpo_add_scaled(weights, a + index * columns, scale * b[row * rank + index], columns)
        }
        if let gain = dora?.gains[row] {
            for column in 0..<columns { weights[column] *= gain }
        }
    }

    /// scale B A x, to be added to x W^T. `hidden` receives A x, [count, rank], which the backward
    /// pass wants.
    package func forward(
        _ x: Rows, hidden: UnsafeMutablePointer<Float>, scratch: ProductScratch
    ) -> LowRankProduct {
        forEachBand(of: x, scratch) { band, scratch in
            adpo_product_weights(
                band.count, x.view(from: band.lowerBound), floats(a, columns: columns), 0, rank, 1,
                0, LowRankProduct?.none.view, hidden + band.lowerBound * rank, rank, scratch)
        }
        return update(hidden)
    }

    /// The same, given A x.
    func update(_ hidden: UnsafePointer<Float>) -> LowRankProduct {
        LowRankProduct(
            hidden: hidden,
            matrix: Operand(b, stride: rank, transposed: true), rank: rank, scale: scale)
    }

    /// scale dy B A, to be added to dy W. `dhidden` receives scale dy B, [count, rank].
    package func backward(
        _ dy: Rows, dhidden: UnsafeMutablePointer<Float>, scratch: ProductScratch
    ) -> LowRankProduct {
        forEachBand(of: dy, scratch) { band, scratch in
            adpo_product_weights_transposed(
                band.count, dy.view(from: band.lowerBound), floats(b, columns: rank), rows, 0, rank,
                scale, 0, LowRankProduct?.none.view, dhidden + band.lowerBound * rank, rank,
                scratch)
        }
        return LowRankProduct(
            hidden: dhidden, matrix: Operand(a, stride: columns), rank: rank, scale: 1)
    }

    /// dx = dhidden A, for dx [count, columns].
    func inputGradient(
        _ dhidden: UnsafePointer<Float>, count: Int, into dx: UnsafeMutablePointer<Float>,
        scratch: ProductScratch
    ) {
        product(
            m: count, n: columns, k: rank, Operand(dhidden, stride: rank),
            Operand(a, stride: columns), into: dx, stride: columns, scratch: scratch)
    }

    /// Adds to the gradients da and db, given what the forward and the backward pass left in `hidden`
    /// and `dhidden`.
    package func addGradients(
        x: UnsafePointer<Float>, hidden: UnsafePointer<Float>, dy: UnsafePointer<Float>,
        dhidden: UnsafePointer<Float>, count: Int, da: UnsafeMutablePointer<Float>,
        db: UnsafeMutablePointer<Float>, scratch: ProductScratch
    ) {
        product(
            m: rows, n: rank, k: count, alpha: scale, Operand(dy, stride: rows, transposed: true),
            Operand(hidden, stride: rank), beta: 1, into: db, stride: rank, scratch: scratch)
        product(
            m: rank, n: columns, k: count, Operand(dhidden, stride: rank, transposed: true),
            Operand(x, stride: columns), beta: 1, into: da, stride: columns, scratch: scratch)
    }
}

/// Threads take some rows each of a product whose output is narrow.
private func forEachBand(
    of x: Rows, _ scratch: ProductScratch,
    _ body: (Range<Int>, UnsafeMutablePointer<Float>) -> Void
) {
    // Not enough work in a few rows for more than one thread.
    let lanes = x.count <= Matrix.fewRows ? 1 : scratch.lanes
    let bands = Bands(x.count, alignment: 12, lanes: lanes, perLane: 1)
    Parallel.forEach(bands.count, lanes: lanes) { index, lane in
        body(bands[index], scratch.lane(lane))
    }
}

/// A matrix of floats as the kernels take weights.
private func floats(_ pointer: UnsafePointer<Float>, columns: Int) -> adpo_weights {
    adpo_weights(
        blocks: pointer, decode: Encoding.f32.decode, columns: columns, block_elements: 1,
        block_bytes: MemoryLayout<Float>.size)
}

/// A product of low rank that a product with weights W adds on its way, while its output is in cache:
/// scale H M, for M [rank, outputs].
package struct LowRankProduct {
    let hidden: UnsafePointer<Float>  // [count, rank]
    let matrix: Operand  // [rank, outputs]
    let rank: Int
    let scale: Float

    /// y += scale H M for y [count, width], on one thread.
    func add(
        count: Int, width: Int, into y: UnsafeMutablePointer<Float>,
        scratch: UnsafeMutablePointer<Float>
    ) {
        productOnOneThread(
            m: count, n: width, k: rank, alpha: scale, Operand(hidden, stride: rank), matrix,
            beta: 1, into: y, stride: width, scratch: scratch)
    }
}

extension LowRankProduct? {
    /// As the kernels take it.
    var view: adpo_low_rank {
        guard let self else { return adpo_low_rank() }
        return adpo_low_rank(
            hidden: self.hidden, matrix: self.matrix.view.pointer, rank: self.rank,
            rank_stride: self.matrix.view.row_stride,
            column_stride: self.matrix.view.column_stride, scale: self.scale)
    }
}
