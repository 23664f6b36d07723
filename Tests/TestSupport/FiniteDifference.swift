/// Numbers that look random and are the same in every run, within (-1, 1).
public func testNumbers(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }
}

/// The derivative of sum(weights * f(x)) by each element of x, by central differences.
public func finiteDifference(
    of f: ([Float]) -> [Float], at x: [Float], weights: [Float], step: Float = 1e-2
) -> [Float] {
    func loss(_ x: [Float]) -> Double {
        zip(f(x), weights).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    return x.indices.map { index in
        var (above, below) = (x, x)
        above[index] += step
        below[index] -= step
        return Float((loss(above) - loss(below)) / Double(above[index] - below[index]))
    }
}
