import CKernels

/// A row-major matrix of floats in memory, or its transpose.
package struct Operand {
    let view: adpo_operand

    /// Rows of the matrix as it lies in memory are `stride` floats apart.
    package init(_ pointer: UnsafePointer<Float>, stride: Int, transposed: Bool = false) {
        view = adpo_operand(
            pointer: pointer, row_stride: transposed ? 1 : stride,
            column_stride: transposed ? stride : 1)
    }

    private init(view: adpo_operand) { self.view = view }

    fileprivate func from(row: Int) -> Operand {
        var view = view
        view.pointer += row * view.row_stride
        return Operand(view: view)
    }

    fileprivate func from(column: Int) -> Operand {
        var view = view
        view.pointer += column * view.column_stride
        return Operand(view: view)
    }
}

/// The workspace of products: scratch for each of some lanes of work, and the type they compute in.
package struct ProductScratch {
    /// Parts of a product that run side by side.
    package let lanes: Int
    private let floats: UnsafeMutablePointer<Float>
    /// Room for the left operand of a product with weights in pairs of bf16; nil to compute in f32.
    let pairs: UnsafeMutablePointer<UInt32>?

    /// Floats that one lane takes; the memory is aligned to 64 bytes.
    package static let floatsPerLane = Int(ADPO_PRODUCT_SCRATCH)

    package init(
        _ floats: UnsafeMutablePointer<Float>, lanes: Int, pairs: UnsafeMutablePointer<UInt32>?
    ) {
        self.floats = floats
        self.lanes = lanes
        self.pairs = pairs
    }

    func lane(_ lane: Int) -> UnsafeMutablePointer<Float> { floats + lane * Self.floatsPerLane }

    /// Rows of floats, [count, width], as the left operand of products with weights; in bf16 they are
    /// converted here, once for all the products that they go into. Valid until the next call.
    package func rows(_ x: UnsafePointer<Float>, count: Int, width: Int) -> Rows {
        guard let pairs, count > Matrix.fewRows else {
            return Rows(floats: x, pairs: nil, count: count, width: width)
        }
        let stride = (width + 1) / 2
        Parallel.forEachRange(count) { range in
            adpo_to_bf16_pairs(
                x + range.lowerBound * width, pairs + range.lowerBound * stride, range.count, width)
        }
        return Rows(floats: x, pairs: UnsafePointer(pairs), count: count, width: width)
    }
}

/// The left operand of products with weights, [count, width], in the type that they compute in.
package struct Rows {
    let floats: UnsafePointer<Float>
    /// [count, (width + 1) / 2] pairs of bf16; nil in f32.
    let pairs: UnsafePointer<UInt32>?
    package let count: Int
    let width: Int

    /// - Parameter pairs: nil for products in f32.
    init(
        floats: UnsafePointer<Float>, pairs: UnsafePointer<UInt32>? = nil, count: Int, width: Int
    ) {
        self.floats = floats
        self.pairs = pairs
        self.count = count
        self.width = width
    }

    /// These rows from one on, as the kernels take them.
    func view(from row: Int = 0) -> adpo_rows {
        let stride = (width + 1) / 2
        return adpo_rows(
            floats: floats + row * width, pairs: pairs.map { $0 + row * stride },
            stride: pairs == nil ? width : stride)
    }
}

/// c = alpha a b + beta c for a [m, k] and b [k, n], on one thread. beta = 0 does not read c.
@inline(__always)
package func productOnOneThread(
    m: Int, n: Int, k: Int, alpha: Float = 1, _ a: Operand, _ b: Operand, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, stride: Int, scratch: UnsafeMutablePointer<Float>
) {
    adpo_product(m, n, k, alpha, a.view, b.view, beta, c, stride, scratch)
}

/// The same on all threads: each takes bands of c along its longer side.
package func product(
    m: Int, n: Int, k: Int, alpha: Float = 1, _ a: Operand, _ b: Operand, beta: Float = 0,
    into c: UnsafeMutablePointer<Float>, stride: Int, scratch: ProductScratch
) {
    let splitsColumns = n >= m
    // Whole panels of columns, whole tiles of rows.
    let bands = Bands(
        splitsColumns ? n : m, alignment: splitsColumns ? 32 : 12, lanes: scratch.lanes)
    Parallel.forEach(bands.count, lanes: scratch.lanes) { index, lane in
        let band = bands[index]
        productOnOneThread(
            m: splitsColumns ? m : band.count, n: splitsColumns ? band.count : n, k: k,
            alpha: alpha, splitsColumns ? a : a.from(row: band.lowerBound),
            splitsColumns ? b.from(column: band.lowerBound) : b, beta: beta,
            into: c + band.lowerBound * (splitsColumns ? 1 : stride), stride: stride,
            scratch: scratch.lane(lane))
    }
}

/// A length cut into bands, several a lane, so that a lane that is held up leaves work to others.
struct Bands {
    private let length: Int
    private let size: Int
    var count: Int { (length + size - 1) / size }

    init(_ length: Int, alignment: Int, lanes: Int, perLane: Int = 4) {
        self.length = length
        let (units, parts) = ((length + alignment - 1) / alignment, perLane * lanes)
        size = max(1, (units + parts - 1) / parts) * alignment
    }

    subscript(_ index: Int) -> Range<Int> { index * size..<min(length, (index + 1) * size) }
}
