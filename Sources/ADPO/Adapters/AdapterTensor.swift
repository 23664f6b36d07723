import ADPOBase
import ADPOTensor

/// A matrix of an adapted linear layer as a file has it: a tensor of its own, or a part of the one of all
/// experts of a layer.
///
/// The latter is as peft stacks them: A is [experts * rank, in], expert after expert; B is [out, rank *
/// experts], rank after rank; gate and up share A, and have half of B's rows each.
struct AdapterTensor {
    let view: TensorView
    var expert: Parameter.Expert?

    private var experts: Int { expert?.count ?? 1 }

    /// The rank that A is of.
    var rank: Int? {
        guard let rows = view.shape.first, rows % experts == 0 else { return nil }
        return rows / experts
    }

    /// The number of elements of the linear layer's own.
    var elementCount: Int { view.elementCount / experts }

    /// Whether the tensor's shape is that of a linear layer of so many rows and columns.
    func isRight(_ side: AdapterMatrix.Side, rank: Int, rows: Int, columns: Int) -> Bool {
        switch side {
        case .a: view.shape == [experts * rank, columns]
        case .b: view.shape == [rows * (isShared ? 2 : 1), rank * experts]
        case .magnitudes: view.shape == [rows] && expert == nil
        }
    }

    private var isShared: Bool { expert.map { $0.part != .down } ?? false }

    /// Writes the matrix, times a scale, into rows of `matrix.columns`.
    ///
    /// - Parameter row: The file's row that is a row of the matrix.
    func decode(
        _ matrix: AdapterMatrix, into output: UnsafeMutablePointer<Float>, scale: Float,
        row: (Int) -> Int
    ) throws(ADPOError) {
        if matrix.side == .magnitudes {
            let source = try Vector(view)
            for index in 0..<source.count { output[index] = source.pointer[row(index)] }
            return
        }
        let source = try Matrix(view)
        let rows = source.rows / (matrix.side == .a ? experts : isShared ? 2 : 1)
        let columns = source.columns / (matrix.side == .a ? 1 : experts)
        let first = matrix.side == .a ? (expert?.index ?? 0) * rows : expert?.part == .up ? rows : 0
        var values = [Float](repeating: 0, count: source.columns)
        for index in 0..<rows {
            source.decode(row: first + row(index), into: &values)
            let target = output + index * matrix.columns
            for column in 0..<columns {
                let place =
                    matrix.side == .a ? column : column * experts + (expert?.index ?? 0)
                target[column] = scale * values[place]
            }
        }
    }
}
