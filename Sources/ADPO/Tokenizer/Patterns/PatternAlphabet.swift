import ADPOBase

/// The classes of characters that an expression tells apart: two of a class are in the same of its
/// sets.
struct PatternAlphabet: Sendable {
    private(set) var count = 1
    /// Whether each set has each class.
    private(set) var members: [[Bool]] = []
    /// The classes of ASCII.
    private(set) var ascii: [UInt8] = []
    /// The classes of all characters, in pages of 128, of which equal ones are kept once.
    private var pages: [UInt8] = []
    private var pageOf: [UInt16] = []

    private static let pageSize: UInt32 = 128
    private static let maximumCount = 254

    /// - Throws: `.unsupported` for too many classes.
    init(_ sets: [ScalarSet]) throws(ADPOError) {
        var bounds = Set([0, UnicodeTable.scalarCount])
        for set in sets {
            for range in set.ranges {
                bounds.insert(range.lowerBound)
                bounds.insert(range.upperBound)
            }
        }
        let starts = bounds.sorted()
        var classes = [Int](repeating: 0, count: starts.count - 1)
        for set in sets { divide(&classes, starts, by: set) }
        guard count <= Self.maximumCount else {
            throw .unsupportedPart("a regular expression of so many sets")
        }
        members = sets.map { set in
            var isMember = [Bool](repeating: false, count: count)
            Self.walk(starts, set) { index, isInside in isMember[classes[index]] = isInside }
            return isMember
        }
        makePages(classes.map { UInt8(truncatingIfNeeded: $0) }, starts)
        ascii = (0..<Self.pageSize).map { self[$0] }
    }

    subscript(scalar: UInt32) -> UInt8 {
        let page = Int(pageOf[Int(scalar / Self.pageSize)])
        return pages[page * Int(Self.pageSize) + Int(scalar % Self.pageSize)]
    }

    /// Calls `body` with each interval, and whether a set has it.
    private static func walk(
        _ starts: [UInt32], _ set: ScalarSet, _ body: (Int, Bool) -> Void
    ) {
        var range = 0
        for index in 0..<starts.count - 1 {
            while range < set.ranges.count, set.ranges[range].upperBound <= starts[index] {
                range += 1
            }
            body(index, range < set.ranges.count && set.ranges[range].contains(starts[index]))
        }
    }

    /// Divides each class of intervals into those of a set and the others.
    private mutating func divide(_ classes: inout [Int], _ starts: [UInt32], by set: ScalarSet) {
        var numbers = [Int](repeating: -1, count: count * 2)
        var newCount = 0
        Self.walk(starts, set) { index, isInside in
            let key = classes[index] * 2 + (isInside ? 1 : 0)
            if numbers[key] < 0 {
                numbers[key] = newCount
                newCount += 1
            }
            classes[index] = numbers[key]
        }
        count = newCount
    }

    private mutating func makePages(_ classes: [UInt8], _ starts: [UInt32]) {
        var uniform: [UInt8: UInt16] = [:]
        var interval = 0
        for first in stride(from: 0, to: UnicodeTable.scalarCount, by: Int(Self.pageSize)) {
            while starts[interval + 1] <= first { interval += 1 }
            let isUniform = starts[interval + 1] >= first + Self.pageSize
            if isUniform, let page = uniform[classes[interval]] {
                pageOf.append(page)
                continue
            }
            let page = UInt16(truncatingIfNeeded: pages.count / Int(Self.pageSize))
            if isUniform { uniform[classes[interval]] = page }
            pageOf.append(page)
            var index = interval
            for scalar in first..<first + Self.pageSize {
                while starts[index + 1] <= scalar { index += 1 }
                pages.append(classes[index])
            }
        }
    }
}
