import ADPOBase
import ADPOTensor

/// The tensors of a model with an adapter's updates added to the weights, W + scale B A, as another
/// file names, orders and encodes them. One band of rows at a time is in memory.
struct MergedWeights {
    /// Where the content of a tensor comes from.
    private enum Source {
        /// Parameters of one shape, one behind the other.
        case matrices([MatrixID])
        /// The same.
        case vectors([VectorID])
        case values([Float])
        /// What is not the decoder's is carried over.
        case view(TensorView)
    }

    /// Bytes of floats that are computed before they are written.
    private static let bandBytes = 8 << 20

    private let model: Model
    private let adapter: Adapter?
    private let kind: FileKind
    private(set) var tensors: [NewTensor] = []
    private var sources: [String: Source] = [:]

    /// - Throws: `.unsupported` where the file cannot hold the model.
    init(
        _ model: Model, _ adapter: Adapter?, kind: FileKind, encodings: ExportEncodings
    ) throws(ADPOError) {
        self.model = model
        self.adapter = adapter
        self.kind = kind
        let parameters = model.architecture.parameters
        for id in parameters.order {
            let parameter = parameters[id]
            let place = parameter.place(in: kind)
            switch id {
            case .vector(let id):
                if case .vectors(let ids) = sources[place.name] {
                    sources[place.name] = .vectors(ids + [id])
                    continue
                }
                try add(
                    place.name, place.shape(of: parameter.shape), encodings.vectors, .vectors([id]))
            case .matrix(let id):
                if case .matrices(let ids) = sources[place.name] {
                    sources[place.name] = .matrices(ids + [id])
                    continue
                }
                let shape = place.shape(of: parameter.shape)
                let encoding = encodings.encoding(
                    of: model.weights[id], columns: shape.last ?? 0,
                    isHead: id == model.architecture.head)
                try add(place.name, shape, encoding, .matrices([id]))
            }
        }
        if kind == .gguf {
            for rotary in model.architecture.rotaries {
                for (name, values) in try rotary.ggufTensors(source: model.path) {
                    try add(name, [values.count], .f32, .values(values))
                }
            }
        }
        try carryOver()
    }

    private mutating func add(
        _ name: String, _ shape: [Int], _ encoding: Encoding, _ source: Source
    ) throws(ADPOError) {
        tensors.append(try NewTensor(name: name, shape: shape, encoding: encoding))
        sources[name] = source
    }

    /// Adds the tensors that the decoder has no use for, where the file is of the same kind: those of the
    /// other parts of a multimodal model.
    private mutating func carryOver() throws(ADPOError) {
        guard kind == model.file.kind.fileKind else { return }
        let head = model.architecture.hasTiedHead ? "lm_head.weight" : nil
        for name in model.file.names where sources[name] == nil && name != head {
            // Masks of Booleans, which old files have, are nothing that anybody would miss.
            guard model.architecture.isIgnored(name), let view = try? model.file.tensor(name) else {
                continue
            }
            try add(name, view.shape, view.encoding, .view(view))
        }
    }

    var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

    /// Appends a tensor's bytes.
    ///
    /// - Throws: `.io`, `.outOfMemory`.
    func append(_ tensor: NewTensor, to file: AtomicFile) throws(ADPOError) {
        switch sources[tensor.name] {
        case nil: return
        case .matrices(let ids):
            for id in ids { try append(id, as: tensor, count: ids.count, to: file) }
        case .vectors(let ids): try append(ids.flatMap(values), as: tensor, to: file)
        case .values(let values): try append(values, as: tensor, to: file)
        case .view(let view): try file.append(view.bytes)
        }
    }

    /// A vector as the file has it.
    private func values(_ id: VectorID) -> [Float] {
        let (vector, parameter) = (model.weights[id], model.architecture.parameters[id])
        let offset = parameter.place(in: kind).offset
        let values = UnsafeBufferPointer(start: vector.pointer, count: vector.count)
        return (0..<vector.count).map { values[row($0, parameter)] - offset }
    }

    private func append(
        _ values: [Float], as tensor: NewTensor, to file: AtomicFile
    ) throws(ADPOError) {
        let encode = try encoder(of: tensor)
        var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
        bytes.withUnsafeMutableBytes { encode(values, $0.baseAddress, values.count) }
        try file.append(bytes)
    }

    /// Appends one of `count` matrices of a tensor.
    private func append(
        _ id: MatrixID, as tensor: NewTensor, count: Int, to file: AtomicFile
    ) throws(ADPOError) {
        let (matrix, parameter) = (model.weights[id], model.architecture.parameters[id])
        let update = adapter?.lora.update(of: id)
        if parameter.place(in: kind).isTransposed {
            try appendTransposed(matrix, update, as: tensor, to: file)
            return
        }
        let isCopied =
            update == nil && tensor.encoding == matrix.encoding && !matrix.isTransposed
        let encode = isCopied ? nil : try encoder(of: tensor)
        let rowBytes = tensor.byteCount / count / matrix.rows
        let rows = min(matrix.rows, max(1, Self.bandBytes / max(rowBytes, matrix.columns * 4)))
        let lanes = Parallel.threadCount
        let floats = try Buffer<Float>(zeros: lanes * matrix.columns)
        let band = try Buffer<UInt8>(zeros: rows * rowBytes)
        for start in stride(from: 0, to: matrix.rows, by: rows) {
            let count = min(rows, matrix.rows - start)
            Parallel.forEach(count, lanes: lanes) { index, lane in
                let row = row(start + index, parameter)
                let output = UnsafeMutableRawPointer(band.pointer + index * rowBytes)
                guard let encode else {
                    if let bytes = matrix.bytes(row: row) {
                        output.copyMemory(from: bytes, byteCount: rowBytes)
                    }
                    return
                }
                let weights = floats.pointer + lane * matrix.columns
                matrix.decode(row: row, into: weights)
                update?.merge(row: row, into: weights)
                encode(weights, output, matrix.columns)
            }
            try file.append(UnsafeRawBufferPointer(start: band.pointer, count: count * rowBytes))
        }
    }

    /// A file of [in, out] takes the whole matrix in memory: its rows are our columns.
    private func appendTransposed(
        _ matrix: Matrix, _ update: LoRA?, as tensor: NewTensor, to file: AtomicFile
    ) throws(ADPOError) {
        let encode = try encoder(of: tensor)
        let (rows, columns) = (matrix.rows, matrix.columns)
        let floats = try Buffer<Float>(zeros: rows * columns)
        let transposed = try Buffer<Float>(zeros: rows)
        Parallel.forEach(rows) { row in
            matrix.decode(row: row, into: floats.pointer + row * columns)
            update?.merge(row: row, into: floats.pointer + row * columns)
        }
        let rowBytes = tensor.byteCount / columns
        let output = try Buffer<UInt8>(zeros: rowBytes)
        for column in 0..<columns {
            for row in 0..<rows {
                transposed.pointer[row] = floats.pointer[row * columns + column]
            }
            encode(transposed.pointer, output.pointer, rows)
            try file.append(UnsafeRawBufferPointer(start: output.pointer, count: rowBytes))
        }
    }

    /// - Throws: `.invalidArgument` for a changed tensor that keeps an encoding that is read only.
    private func encoder(of tensor: NewTensor) throws(ADPOError) -> Encoding.Encode {
        if let encode = tensor.encoding.encode { return encode }
        let choices = Encoding.writable.map(\.name).joined(separator: ", ")
        throw ADPOError(
            .invalidArgument,
            """
            tensor "\(tensor.name)" is \(tensor.encoding.name), which can be read, but not written, \
            and an adapter changes it: choose the export's encoding among \(choices)
            """)
    }

    /// The model's row that is row `row` of the file.
    private func row(_ row: Int, _ parameter: Parameter) -> Int {
        parameter.place(in: kind).order.row(
            row, in: parameter.place(in: model.file.kind.fileKind).order)
    }
}
