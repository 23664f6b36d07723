import ADPOTensor

/// Where each LoRA matrix lies in a flat array of parameters, or of their gradients.
///
/// Layer after layer, target after target, A [rank, in] before B [out, rank].
package struct AdapterLayout: Sendable, Equatable {
    package let rank: Int
    /// The linear layers that are adapted, in the order of `LinearLayer.allCases`.
    package let targets: [LinearLayer]
    package let layers: Int
    /// The number of parameters.
    package let count: Int
    private let layerCount: Int
    /// For each case of `LinearLayer`: where its A begins within a layer; nil when not adapted.
    private let offsets: [Int?]
    /// [out, in] for each case of `LinearLayer`.
    private let rows: [Int]
    private let columns: [Int]

    package init(
        _ architecture: Architecture, rank: Int, targets: Set<LinearLayer>
    ) throws(ADPOError) {
        guard rank >= 1, rank <= 1 << 14 else {
            throw ADPOError(.invalidArgument, "the LoRA rank is \(rank); it must be at least 1")
        }
        let shapes = LinearLayer.allCases.map(architecture.shape(of:))
        rows = shapes.map(\.rows)
        columns = shapes.map(\.columns)
        self.rank = rank
        self.targets = LinearLayer.allCases.filter(targets.contains)
        layers = architecture.layers
        var offset = 0
        var offsets: [Int?] = []
        for linear in LinearLayer.allCases {
            offsets.append(targets.contains(linear) ? offset : nil)
            if targets.contains(linear) {
                offset += rank * (shapes[linear.rawValue].rows + shapes[linear.rawValue].columns)
            }
        }
        self.offsets = offsets
        layerCount = offset
        count = offset * layers
    }

    /// A of a linear layer, [rank, in]; nil when it is not adapted.
    package func a(_ linear: LinearLayer, layer: Int) -> Range<Int>? {
        offsets[linear.rawValue].map { offset in
            let start = layer * layerCount + offset
            return start..<start + rank * columns[linear.rawValue]
        }
    }

    /// B of a linear layer, [out, rank]; nil when it is not adapted.
    package func b(_ linear: LinearLayer, layer: Int) -> Range<Int>? {
        a(linear, layer: layer).map { $0.upperBound..<$0.upperBound + rows[linear.rawValue] * rank }
    }

    /// A new adapter, [count]: A uniform within 1 / sqrt(in), as PEFT begins (Kaiming uniform with
    /// a = sqrt(5)), and B zero, so that the model is at first unchanged.
    package func initialize(_ values: UnsafeMutablePointer<Float>, seed: UInt64) {
        var random = RandomGenerator(seed: seed)
        values.update(repeating: 0, count: count)
        for layer in 0..<layers {
            for linear in targets {
                let bound = 1 / Float(columns(linear)).squareRoot()
                for index in a(linear, layer: layer) ?? 0..<0 {
                    values[index] = random.uniform(bound: bound)
                }
            }
        }
    }

    package func rows(_ linear: LinearLayer) -> Int { rows[linear.rawValue] }
    package func columns(_ linear: LinearLayer) -> Int { columns[linear.rawValue] }
}

/// LoRA matrices in use: the parameters of an adapter, or of a trainer's policy.
package struct LoRAParameters {
    package let layout: AdapterLayout
    /// alpha / rank, or alpha / sqrt(rank) for rsLoRA (arXiv 2312.03732).
    package let scale: Float
    /// [layout.count]
    package let values: UnsafePointer<Float>

    package init(layout: AdapterLayout, scale: Float, values: UnsafePointer<Float>) {
        self.layout = layout
        self.scale = scale
        self.values = values
    }

    func update(of linear: LinearLayer, layer: Int) -> LoRA? {
        guard let a = layout.a(linear, layer: layer), let b = layout.b(linear, layer: layer) else {
            return nil
        }
        return LoRA(
            a: values + a.lowerBound, b: values + b.lowerBound, rank: layout.rank,
            rows: layout.rows(linear), columns: layout.columns(linear), scale: scale)
    }
}
