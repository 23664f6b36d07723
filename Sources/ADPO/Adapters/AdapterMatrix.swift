/// One of the parameters of an adapted linear layer: where it lies in a flat array.
struct AdapterMatrix {
    enum Side: CaseIterable {
        case a  // [rank, in]
        case b  // [out, rank]
        case magnitudes  // [out], of DoRA
    }

    let module: AdapterLayout.Module
    let side: Side
    let range: Range<Int>
    let columns: Int

    var rows: Int { range.count / columns }

    /// In a file of this rank.
    func shape(rank: Int) -> [Int] {
        switch side {
        case .a: [rank, columns]
        case .b: [rows, rank]
        case .magnitudes: [rows]
        }
    }

    /// All parameters of an adapter, in the order of their places.
    static func all(_ layout: AdapterLayout) -> [AdapterMatrix] {
        layout.modules.flatMap { module in
            let parts: [(Side, Range<Int>?, columns: Int)] = [
                (.a, module.a, module.columns), (.b, module.b, layout.rank),
                (.magnitudes, module.magnitudes, 1),
            ]
            return parts.compactMap { side, range, columns in
                range.map {
                    AdapterMatrix(module: module, side: side, range: $0, columns: columns)
                }
            }
        }
    }
}
