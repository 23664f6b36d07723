import ADPOTensor

/// The tensors of a model with an adapter's updates added to the weights, W + scale B A, as another
/// file names, orders and encodes them. One band of rows at a time is in memory.
struct MergedWeights {
    private enum Source {
        case matrix(Matrix)
        case vector(Vector)
        case values([Float])
    }

    /// Where the weights of a tensor come from.
    private struct Origin {
        let source: Source
        /// Where it is a layer's: its rows may be in another order, and have an update.
        let linear: LinearLayer?
        let layer: Int
    }

    /// Bytes of floats that are computed before they are written.
    private static let bandBytes = 8 << 20

    private let architecture: Architecture
    private let adapter: Adapter?
    private let names: TensorNames
    private(set) var tensors: [NewTensor] = []
    private var origins: [String: Origin] = [:]

    /// - Throws: `.unsupported` where the file cannot hold the model.
    init(
        _ model: Model, _ adapter: Adapter?, names: TensorNames, encodings: ExportEncodings
    ) throws(ADPOError) {
        architecture = model.architecture
        self.adapter = adapter
        self.names = names
        let weights = model.weights

        func add(
            _ name: String, _ source: Source, _ linear: LinearLayer? = nil, _ layer: Int = 0,
            isHead: Bool = false
        ) throws(ADPOError) {
            let shape: [Int]
            let encoding: Encoding
            switch source {
            case .matrix(let matrix):
                shape = [matrix.rows, matrix.columns]
                encoding = encodings.encoding(of: matrix, isHead: isHead)
            case .vector(let vector):
                shape = [vector.count]
                encoding = encodings.vectors
            case .values(let values):
                shape = [values.count]
                encoding = .f32
            }
            tensors.append(try NewTensor(name: name, shape: shape, encoding: encoding))
            origins[name] = Origin(source: source, linear: linear, layer: layer)
        }

        try add(names.embedding, .matrix(weights.embedding), isHead: architecture.hasTiedHead)
        if names == .gguf, let divisors = try architecture.rotary.ggufDivisors(source: model.path) {
            try add("rope_freqs.weight", .values(divisors))
        }
        for (index, layer) in weights.layers.enumerated() {
            try add(names.attentionNorm(layer: index), .vector(layer.attentionNorm.weight))
            for linear in LinearLayer.allCases {
                let name = names.linear(linear, layer: index)
                try add("\(name).weight", .matrix(layer[linear].weight), linear, index)
                if let bias = layer[linear].bias {
                    try add("\(name).bias", .vector(bias), linear, index)
                }
            }
            try add(names.feedForwardNorm(layer: index), .vector(layer.feedForwardNorm.weight))
        }
        try add(names.finalNorm, .vector(weights.finalNorm.weight))
        if !architecture.hasTiedHead { try add(names.head, .matrix(weights.head), isHead: true) }
    }

    var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

    /// Appends a tensor's bytes.
    ///
    /// - Throws: `.io`, `.outOfMemory`.
    func append(_ tensor: NewTensor, to file: AtomicFile) throws(ADPOError) {
        guard let origin = origins[tensor.name] else { return }
        switch origin.source {
        case .matrix(let matrix): try append(matrix, of: origin, as: tensor, to: file)
        case .vector(let vector):
            let values = UnsafeBufferPointer(start: vector.pointer, count: vector.count)
            let ordered = (0..<vector.count).map { values[row($0, origin.linear)] }
            try append(ordered, as: tensor, to: file)
        case .values(let values): try append(values, as: tensor, to: file)
        }
    }

    private func append(
        _ values: [Float], as tensor: NewTensor, to file: AtomicFile
    ) throws(ADPOError) {
        var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
        bytes.withUnsafeMutableBytes {
            tensor.encoding.encode(values, $0.baseAddress, values.count)
        }
        try file.append(bytes)
    }

    private func append(
        _ matrix: Matrix, of origin: Origin, as tensor: NewTensor, to file: AtomicFile
    ) throws(ADPOError) {
        let update = origin.linear.flatMap { adapter?.lora.update(of: $0, layer: origin.layer) }
        let encoding = tensor.encoding
        let isCopied = update == nil && encoding.name == matrix.encoding.name
        let rowBytes = tensor.byteCount / matrix.rows
        let rows = min(matrix.rows, max(1, Self.bandBytes / max(rowBytes, matrix.columns * 4)))
        let lanes = Parallel.threadCount
        let floats = try Buffer<Float>(zeros: lanes * matrix.columns)
        let band = try Buffer<UInt8>(zeros: rows * rowBytes)
        for start in stride(from: 0, to: matrix.rows, by: rows) {
            let count = min(rows, matrix.rows - start)
            Parallel.forEach(count, lanes: lanes) { index, lane in
                let row = row(start + index, origin.linear)
                let output = UnsafeMutableRawPointer(band.pointer + index * rowBytes)
                if isCopied {
                    if let bytes = matrix.bytes(row: row) {
                        output.copyMemory(from: bytes, byteCount: rowBytes)
                    }
                    return
                }
                let weights = floats.pointer + lane * matrix.columns
                matrix.decode(row: row, into: weights)
                update?.merge(row: row, into: weights)
                encoding.encode(weights, output, matrix.columns)
            }
            try file.append(UnsafeRawBufferPointer(start: band.pointer, count: count * rowBytes))
        }
    }

    /// The model's row that is row `row` of the file.
    private func row(_ row: Int, _ linear: LinearLayer?) -> Int {
        guard let linear else { return row }
        return architecture.row(
            row, of: linear, interleaved: architecture.isInterleaved(in: names),
            toInterleaved: architecture.rotary.isInterleaved)
    }
}
