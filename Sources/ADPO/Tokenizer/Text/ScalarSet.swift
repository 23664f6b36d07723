/// A set of Unicode scalars, as ranges that ascend and neither touch nor overlap.
struct ScalarSet: Sendable, Hashable {
    private(set) var ranges: [Range<UInt32>] = []

    static let everything = ScalarSet([0..<UnicodeTable.scalarCount])

    init(_ ranges: [Range<UInt32>] = []) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound {
                let end = max(last.upperBound, range.upperBound)
                self.ranges[self.ranges.count - 1] = last.lowerBound..<end
            } else {
                self.ranges.append(range)
            }
        }
    }

    init(_ scalars: [Unicode.Scalar]) { self.init(scalars.map { $0.value..<$0.value + 1 }) }

    func union(_ other: ScalarSet) -> ScalarSet { ScalarSet(ranges + other.ranges) }

    var inverted: ScalarSet {
        var gaps: [Range<UInt32>] = []
        var start: UInt32 = 0
        for range in ranges {
            gaps.append(start..<range.lowerBound)
            start = range.upperBound
        }
        return ScalarSet(gaps + [start..<UnicodeTable.scalarCount])
    }

    func intersection(_ other: ScalarSet) -> ScalarSet {
        inverted.union(other.inverted).inverted
    }

    func contains(_ scalar: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(scalar)
    }
}
