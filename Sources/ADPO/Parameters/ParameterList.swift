/// The place of a matrix among a model's matrices.
package struct MatrixID: Sendable, Hashable { package let index: Int }

/// The place of a vector, a norm's weight or a bias, among a model's vectors.
package struct VectorID: Sendable, Hashable { package let index: Int }

/// All parameters of a model. Whoever loads, copies, merges, exports, adapts or trains them walks this
/// list.
///
/// Where parameters lie in one vector, as those that are trained do and their gradients, the matrices
/// come first, which are what weight decay is for, then the vectors.
package struct ParameterList: Sendable {
    package enum ID: Sendable, Hashable {
        case matrix(MatrixID)
        case vector(VectorID)
    }

    package private(set) var matrices: [Parameter] = []
    package private(set) var vectors: [Parameter] = []
    /// In the order of the model: embedding, layers, final norm, head.
    package private(set) var order: [ID] = []
    private var matrixOffsets: [Int] = []
    private var vectorOffsets: [Int] = []
    /// The elements of all matrices.
    package private(set) var matrixElements = 0
    private var vectorElements = 0

    package init() {}

    /// The elements of all parameters.
    package var elementCount: Int { matrixElements + vectorElements }

    package mutating func addMatrix(_ parameter: Parameter) -> MatrixID {
        let id = MatrixID(index: matrices.count)
        matrices.append(parameter)
        matrixOffsets.append(matrixElements)
        matrixElements += parameter.elementCount
        order.append(.matrix(id))
        return id
    }

    package mutating func addVector(_ parameter: Parameter) -> VectorID {
        let id = VectorID(index: vectors.count)
        vectors.append(parameter)
        vectorOffsets.append(vectorElements)
        vectorElements += parameter.elementCount
        order.append(.vector(id))
        return id
    }

    package subscript(id: MatrixID) -> Parameter { matrices[id.index] }
    package subscript(id: VectorID) -> Parameter { vectors[id.index] }
    package subscript(id: ID) -> Parameter {
        switch id {
        case .matrix(let id): self[id]
        case .vector(let id): self[id]
        }
    }

    /// Where a parameter begins in a vector of all of them.
    package func offset(_ id: MatrixID) -> Int { matrixOffsets[id.index] }
    package func offset(_ id: VectorID) -> Int { matrixElements + vectorOffsets[id.index] }
}
