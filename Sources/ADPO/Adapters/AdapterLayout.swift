import ADPOTensor

/// Where the parameters of each adapted linear layer lie in a flat array, or their gradients.
///
/// Module after module: A [rank, in], B [out, rank], and of DoRA the magnitudes [out].
package struct AdapterLayout: Sendable {
    package let rank: Int
    static let maximumRank = 1 << 14
    /// DoRA (arXiv 2402.09353): each row of the weight has a magnitude of its own.
    package let hasMagnitudes: Bool
    /// The linear layers that are adapted, layer after layer.
    package let modules: [TargetModule]
    /// The number of parameters.
    package let count: Int
    /// The number of magnitudes.
    package let magnitudeCount: Int
    /// For each linear layer of each layer: where its A begins, and how many magnitudes lie before
    /// its own; nil when it is not adapted.
    private let places: [(parameters: Int, magnitudes: Int)?]
    /// [out, in] for each case of `LinearLayer`.
    private let rows: [Int]
    private let columns: [Int]

    package init(
        _ architecture: Architecture, rank: Int, modules targets: Set<TargetModule>,
        hasMagnitudes: Bool = false
    ) throws(ADPOError) {
        guard (1...Self.maximumRank).contains(rank) else {
            throw ADPOError(
                .invalidArgument, "the LoRA rank is \(rank); it must be 1 to \(Self.maximumRank)")
        }
        let shapes = LinearLayer.allCases.map(architecture.shape(of:))
        rows = shapes.map(\.rows)
        columns = shapes.map(\.columns)
        self.rank = rank
        self.hasMagnitudes = hasMagnitudes
        let all = TargetModule.all(architecture)
        modules = all.filter(targets.contains)
        var (count, magnitudeCount) = (0, 0)
        places = all.map { module in
            guard targets.contains(module) else { return nil }
            let shape = shapes[module.linear.rawValue]
            defer {
                count += rank * (shape.rows + shape.columns) + (hasMagnitudes ? shape.rows : 0)
                magnitudeCount += hasMagnitudes ? shape.rows : 0
            }
            return (count, magnitudeCount)
        }
        self.count = count
        self.magnitudeCount = magnitudeCount
    }

    /// The first layer that has an adapted module.
    package var firstLayer: Int { modules.first?.layer ?? 0 }

    /// A of a linear layer, [rank, in]; nil when it is not adapted.
    package func a(_ linear: LinearLayer, layer: Int) -> Range<Int>? {
        place(linear, layer).map { place in
            place.parameters..<place.parameters + rank * columns(linear)
        }
    }

    /// B of a linear layer, [out, rank]; nil when it is not adapted.
    package func b(_ linear: LinearLayer, layer: Int) -> Range<Int>? {
        a(linear, layer: layer).map { $0.upperBound..<$0.upperBound + rows(linear) * rank }
    }

    /// The magnitudes of a linear layer, [out]; nil when it has none.
    package func magnitudes(_ linear: LinearLayer, layer: Int) -> Range<Int>? {
        guard hasMagnitudes else { return nil }
        return b(linear, layer: layer).map { $0.upperBound..<$0.upperBound + rows(linear) }
    }

    /// Where a linear layer's magnitudes lie among all magnitudes, [out]; nil when it has none.
    package func magnitudeRows(_ linear: LinearLayer, layer: Int) -> Range<Int>? {
        guard hasMagnitudes else { return nil }
        return place(linear, layer).map { $0.magnitudes..<$0.magnitudes + rows(linear) }
    }

    private func place(
        _ linear: LinearLayer, _ layer: Int
    ) -> (parameters: Int, magnitudes: Int)? {
        places[layer * LinearLayer.allCases.count + linear.rawValue]
    }

    package func rows(_ linear: LinearLayer) -> Int { rows[linear.rawValue] }
    package func columns(_ linear: LinearLayer) -> Int { columns[linear.rawValue] }
}

extension AdapterLayout {
    /// A new adapter, [count]: A uniform within 1 / sqrt(in), as PEFT begins (Kaiming uniform with
    /// a = sqrt(5)), and B zero, so that the model is at first unchanged. The magnitudes are left to
    /// `WeightDecomposition`, which knows the weights.
    package func initialize(_ values: UnsafeMutablePointer<Float>, seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        values.update(repeating: 0, count: count)
        for module in modules {
            let bound = 1 / Float(columns(module.linear)).squareRoot()
            for index in a(module.linear, layer: module.layer) ?? 0..<0 {
                values[index] = random.uniform(bound: bound)
            }
        }
    }
}
