/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
///
/// The standard library's generators and shuffles may change between versions; the numbers here
/// never do, so that a seed gives the same run everywhere.
package struct RandomGenerator: Sendable {
    private var state: UInt64

    /// Streams of one seed are independent sequences: one for each use, so that drawing more for
    /// one purpose changes no other.
    package init(seed: UInt64, stream: UInt64 = 0) {
        state = seed ^ mix(stream)  // mix(0) = 0
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return mix(state)
    }

    /// Uniform in [0, 1), in steps of 2^-53.
    package mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Uniform in (-bound, bound), both ends excluded.
    package mutating func uniform(bound: Float) -> Float {
        let steps = Int32(next() >> 40) - (1 << 23)  // -2^23 ..< 2^23
        return (Float(steps) + 0.5) * 0x1p-23 * bound
    }

    /// The numbers 0 to count - 1 in random order (Fisher-Yates).
    package mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<max(count, 0))
        for last in stride(from: order.count - 1, to: 0, by: -1) {
            // The high half of the product is below last + 1; its bias is below count / 2^64.
            order.swapAt(last, Int(next().multipliedFullWidth(by: UInt64(last + 1)).high))
        }
        return order
    }
}

private func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
