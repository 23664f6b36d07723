import ADPOBase
import Testing

struct RandomGeneratorTests {
    /// The values that the algorithm's description at Rosetta Code gives for seed 1234567.
    @Test func isSplitMix64() {
        var generator = RandomGenerator(seed: 1_234_567)
        #expect(
            (0..<5).map { _ in generator.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func streamsDiffer() {
        let first = (0..<100 as Range<UInt64>).map { stream in
            var generator = RandomGenerator(seed: 0, stream: stream)
            return generator.next()
        }
        #expect(Set(first).count == 100)
    }

    @Test(arguments: [1, 0.1, 3e-5, 0.04419417] as [Float])
    func uniformStaysWithinItsBound(_ bound: Float) {
        var generator = RandomGenerator(seed: 1)
        let count = 20_000
        let values = (0..<count).map { _ in generator.uniform(bound: bound) / bound }
        #expect(values.allSatisfy { abs($0) < 1 })
        // Mean and variance of the uniform distribution on (-1, 1), within five standard errors.
        let mean = values.reduce(0) { $0 + Double($1) } / Double(count)
        let variance = values.reduce(0) { $0 + Double($1 * $1) } / Double(count)
        #expect(abs(mean) < 5 * (1 / 3.0 / Double(count)).squareRoot())
        #expect(abs(variance - 1 / 3.0) < 5 * (4 / 45.0 / Double(count)).squareRoot())
    }

    @Test func unitIsFromZeroToOne() {
        var generator = RandomGenerator(seed: 2)
        let values = (0..<20_000).map { _ in generator.unit() }
        #expect(values.allSatisfy { (0..<1).contains($0) })
        let mean = values.reduce(0, +) / 20_000
        #expect(abs(mean - 0.5) < 5 * (1 / 12.0 / 20_000).squareRoot())
    }

    @Test(arguments: [0, 1, 2, 3, 100, -1])
    func permutationHoldsEachNumberOnce(_ count: Int) {
        var generator = RandomGenerator(seed: 3)
        #expect(generator.permutation(count).sorted() == Array(0..<max(count, 0)))
    }

    /// Each of the six orders of three comes up equally often, within five standard deviations.
    @Test func permutationsAreEquallyLikely() {
        var generator = RandomGenerator(seed: 4)
        var counts: [[Int]: Int] = [:]
        for _ in 0..<6000 { counts[generator.permutation(3), default: 0] += 1 }
        #expect(counts.count == 6)
        #expect(
            counts.values.allSatisfy { abs(Double($0) - 1000) < 5 * (6000 * 5 / 36.0).squareRoot() }
        )
    }

    @Test func theSameSeedGivesTheSameOrder() {
        func order(_ seed: UInt64, _ stream: UInt64) -> [Int] {
            var generator = RandomGenerator(seed: seed, stream: stream)
            return generator.permutation(50)
        }
        #expect(order(5, 1) == order(5, 1))
        #expect(order(5, 1) != order(5, 2))
        #expect(order(5, 1) != order(6, 1))
    }
}
