import ADPOBase
import ADPOTensor

/// The values of a model's parameters, where they lie in the file, or in memory.
package struct Weights: Sendable {
    package let list: ParameterList
    private let matrices: [Matrix]
    private let vectors: [Vector]
    package let byteCount: Int
    /// The encoding of most weights.
    package let encoding: Encoding

    package subscript(id: MatrixID) -> Matrix { matrices[id.index] }
    package subscript(id: VectorID) -> Vector { vectors[id.index] }

    package subscript(norm: NormLayer) -> Norm {
        Norm(
            kind: norm.kind, weight: self[norm.weight], bias: norm.bias.map { self[$0] },
            epsilon: norm.epsilon)
    }

    package var parameterCount: Int { list.elementCount }

    /// A matrix that full fine-tuning cannot train; nil where there is none.
    var firstQuantized: Matrix? { matrices.first { $0.encoding.isQuantized } }
}

extension Weights {
    /// Finds every parameter of a list in a file, and checks its shape.
    ///
    /// - Parameter isIgnored: Tells tensors that are not the decoder's.
    /// - Throws: `.format` for a tensor that is missing or has another shape, `.unsupported` for one
    ///   that the list has no place for.
    package init(
        _ file: TensorFile, _ list: ParameterList, isIgnored: (String) -> Bool
    ) throws(ADPOError) {
        var loader = WeightLoader(file)
        var matrices: [Matrix] = []
        var vectors: [Vector] = []
        for parameter in list.matrices { matrices.append(try loader.matrix(parameter)) }
        for parameter in list.vectors { vectors.append(try loader.vector(parameter)) }
        try loader.checkThatAllIsTaken(isIgnored)
        self.list = list
        self.matrices = matrices
        self.vectors = vectors
        byteCount = loader.byteCount
        encoding = loader.mostFrequentEncoding ?? .f32
    }

    /// The same weights as floats in one vector, in the list's order.
    ///
    /// - Parameter floats: `// [list.elementCount]`; it is overwritten, and kept alive.
    package init(copying weights: Weights, into floats: SharedFloats) {
        list = weights.list
        matrices = zip(list.matrices.indices, weights.matrices).map { index, matrix in
            let start = weights.list.offset(MatrixID(index: index))
            Parallel.forEachRange(matrix.rows) { rows in
                for row in rows {
                    matrix.decode(row: row, into: floats.pointer + start + row * matrix.columns)
                }
            }
            return Matrix(floats, offset: start, rows: matrix.rows, columns: matrix.columns)
        }
        vectors = zip(list.vectors.indices, weights.vectors).map { index, vector in
            let start = weights.list.offset(VectorID(index: index))
            (floats.pointer + start).update(from: vector.pointer, count: vector.count)
            return Vector(floats, start..<start + vector.count)
        }
        byteCount = list.elementCount * MemoryLayout<Float>.stride
        encoding = .f32
    }
}

/// Takes tensors out of a file and counts what it took.
private struct WeightLoader {
    private let file: TensorFile
    private let kind: FileKind
    private(set) var byteCount = 0
    private var taken: Set<String> = []
    private var elementsByEncoding: [(encoding: Encoding, elements: Int)] = []

    init(_ file: TensorFile) {
        self.file = file
        switch file.kind {
        case .huggingFace: kind = .huggingFace
        case .gguf: kind = .gguf
        }
    }

    var mostFrequentEncoding: Encoding? {
        elementsByEncoding.max { $0.elements < $1.elements }?.encoding
    }

    mutating func matrix(_ parameter: Parameter) throws(ADPOError) -> Matrix {
        let place = parameter.place(in: kind)
        let view = try view(parameter, place)
        let elements = parameter.elementCount
        byteCount += view.bytes.count / (place.stack?.count ?? 1)
        if let index = elementsByEncoding.firstIndex(where: { $0.encoding == view.encoding }) {
            elementsByEncoding[index].elements += elements
        } else {
            elementsByEncoding.append((view.encoding, elements))
        }
        return try Matrix(
            view, shape: place.isTransposed ? parameter.shape.reversed() : parameter.shape,
            part: place.stack?.index ?? 0, isTransposed: place.isTransposed)
    }

    mutating func vector(_ parameter: Parameter) throws(ADPOError) -> Vector {
        let place = parameter.place(in: kind)
        let view = try view(parameter, place)
        byteCount += view.bytes.count / (place.stack?.count ?? 1)
        let vector = try Vector(view, adding: place.offset)
        return place.stack.map { vector.part($0.index, of: $0.count) } ?? vector
    }

    private mutating func view(
        _ parameter: Parameter, _ place: Place
    ) throws(ADPOError) -> TensorView {
        guard let view = try file.tensor(place.name) else {
            throw ADPOError(.format, "\(file.path): tensor \(place.name) is missing")
        }
        let shape = place.shape(of: parameter.shape)
        // A matrix of one row may lie in a file as a vector.
        guard view.shape == shape || [1] + view.shape == shape else {
            throw ADPOError(
                .format,
                "\(file.path): tensor \(place.name) has shape \(view.shape), not \(shape) as the "
                    + "configuration says")
        }
        taken.insert(place.name)
        return view
    }

    func checkThatAllIsTaken(_ isIgnored: (String) -> Bool) throws(ADPOError) {
        guard let name = file.names.first(where: { !taken.contains($0) && !isIgnored($0) }) else {
            return
        }
        throw ADPOError(
            .unsupported,
            "\(file.path): the architecture that the configuration describes has no place for tensor "
                + "\(name): the file is of another architecture, or of a variant that is not "
                + "supported")
    }
}
