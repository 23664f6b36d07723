import ADPO
import ADPOTensor

extension Weights {
    /// The weights, or their gradients, by the names that a kind of file gives its tensors, as such a file
    /// has them; a tied head is not named again.
    ///
    /// - Parameter own: The kind of the file that the model comes from.
    package func values(_ kind: FileKind, of own: FileKind? = nil) -> [String: [Float]] {
        values(kind, of: own ?? kind) { $0.place(in: kind).name }
    }

    /// The same by other names; those of one name follow one another.
    package func values(
        _ kind: FileKind, of own: FileKind, name: (Parameter) -> String
    ) -> [String: [Float]] {
        var values: [String: [Float]] = [:]
        for id in list.order {
            let (parameter, place) = (list[id], list[id].place(in: kind))
            let order = parameter.place(in: own).order
            let rows = (0..<parameter.shape[0]).map { place.order.row($0, in: order) }
            switch id {
            case .matrix(let id):
                let matrix = self[id].values
                var ordered = rows.map { matrix[$0] }
                if place.isTransposed {
                    ordered = ordered[0].indices.map { column in ordered.map { $0[column] } }
                }
                values[name(parameter), default: []] += ordered.flatMap(\.self)
            case .vector(let id):
                let vector = self[id].values
                values[name(parameter), default: []] += rows.map { vector[$0] }
            }
        }
        return values
    }
}

extension Matrix {
    /// Row by row.
    fileprivate var values: [[Float]] {
        (0..<rows).map { row in
            [Float](unsafeUninitializedCapacity: columns) { output, count in
                count = columns
                if let base = output.baseAddress { decode(row: row, into: base) }
            }
        }
    }
}

extension Vector {
    fileprivate var values: [Float] {
        Array(UnsafeBufferPointer(start: pointer, count: count))
    }
}
