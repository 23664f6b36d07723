import Testing

/// Expects |actual - expected| <= absolute + relative * |expected|, element by element.
public func expectClose(
    _ actual: [Float], _ expected: [Float], absolute: Float, relative: Float = 0,
    _ label: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, "\(label) count", sourceLocation: sourceLocation)
    let worst = zip(actual, expected).enumerated()
        .map { (index: $0, excess: excess($1.0, $1.1, absolute, relative)) }
        .max { $0.excess < $1.excess }
    guard let worst, worst.excess > 0 else { return }
    Issue.record(
        """
        \(label) [\(worst.index)]: \(actual[worst.index]) is not close to \
        \(expected[worst.index]) (absolute \(absolute), relative \(relative))
        """, sourceLocation: sourceLocation)
}

/// How far a value lies outside its tolerance; infinite when just one of the two is NaN.
public func excess(_ actual: Float, _ expected: Float, _ absolute: Float, _ relative: Float)
    -> Float
{
    if actual.isNaN && expected.isNaN { return 0 }
    let difference = abs(actual - expected)
    guard difference.isFinite else { return actual == expected ? 0 : .infinity }
    return max(0, difference - (absolute + relative * abs(expected)))
}
