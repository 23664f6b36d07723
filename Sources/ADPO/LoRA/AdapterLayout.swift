import ADPOBase
import ADPOTensor

/// Where the parameters of each adapted linear layer lie in a flat array, or their gradients.
///
/// Module after module: A [rank, in], B [out, rank], and with DoRA the magnitudes [out].
package struct AdapterLayout: Sendable {
    /// The places of one adapted linear layer.
    package struct Module: Sendable {
        package let weight: MatrixID
        package let rows: Int  // of the weight
        package let columns: Int
        package let a: Range<Int>  // [rank, columns]
        package let b: Range<Int>  // [rows, rank]
        package let magnitudes: Range<Int>?  // [rows]
        /// Its place among all magnitudes.
        let magnitudeRows: Range<Int>?
    }

    package let rank: Int
    static let maximumRank = 1 << 14
    /// DoRA (arXiv 2402.09353): each row of the weight has a magnitude of its own.
    package let hasMagnitudes: Bool
    /// In the order of the model.
    package let modules: [Module]
    /// The number of parameters.
    package let count: Int
    /// The number of magnitudes.
    package let magnitudeCount: Int
    /// The first layer that has an adapted module.
    package let firstLayer: Int
    /// For each matrix of the model its place in `modules`.
    private let places: [Int?]

    package init(
        _ list: ParameterList, rank: Int, weights: Set<MatrixID>, hasMagnitudes: Bool = false
    ) throws(ADPOError) {
        guard (1...Self.maximumRank).contains(rank) else {
            throw ADPOError(
                .invalidArgument, "the LoRA rank is \(rank); it must be 1 to \(Self.maximumRank)")
        }
        self.rank = rank
        self.hasMagnitudes = hasMagnitudes
        var modules: [Module] = []
        var places = [Int?](repeating: nil, count: list.matrices.count)
        var (count, magnitudeCount) = (0, 0)
        for weight in weights.sorted(by: { $0.index < $1.index }) {
            let shape = list[weight].shape
            let (rows, columns) = (shape[0], shape[1])
            let a = count..<count + rank * columns
            let b = a.upperBound..<a.upperBound + rows * rank
            let magnitudes = b.upperBound..<b.upperBound + (hasMagnitudes ? rows : 0)
            places[weight.index] = modules.count
            modules.append(
                Module(
                    weight: weight, rows: rows, columns: columns, a: a, b: b,
                    magnitudes: hasMagnitudes ? magnitudes : nil,
                    magnitudeRows: hasMagnitudes ? magnitudeCount..<magnitudeCount + rows : nil))
            count = magnitudes.upperBound
            magnitudeCount += magnitudes.count
        }
        self.modules = modules
        self.places = places
        self.count = count
        self.magnitudeCount = magnitudeCount
        firstLayer = modules.first.flatMap { list[$0.weight].layer } ?? 0
    }

    /// The places of a linear layer; nil when it is not adapted.
    package subscript(weight: MatrixID) -> Module? { places[weight.index].map { modules[$0] } }
}

extension AdapterLayout {
    /// A new adapter, [count]: A uniform within 1 / sqrt(in), as PEFT begins (Kaiming uniform with
    /// a = sqrt(5)), and B zero, so that the model is at first unchanged. The magnitudes are left to
    /// `WeightDecomposition`, which knows the weights.
    package func initialize(_ values: UnsafeMutablePointer<Float>, seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        values.update(repeating: 0, count: count)
        for module in modules {
            let bound = 1 / Float(module.columns).squareRoot()
            for index in module.a { values[index] = random.uniform(bound: bound) }
        }
    }
}
