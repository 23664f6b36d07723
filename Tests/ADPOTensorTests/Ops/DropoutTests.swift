import ADPOTensor
import TestSupport
import Testing

struct DropoutTests {
    private func mask(_ probability: Double, seed: UInt64, count: Int) -> [Float] {
        let ones = [Float](repeating: 1, count: count)
        var y = [Float](repeating: .nan, count: count)
        Dropout(probability: probability, seed: seed).forward(ones, count: count, into: &y)
        return y
    }

    /// The share that is dropped, and how far neighbours agree, lie within four standard deviations
    /// of what chance gives.
    @Test(arguments: [0, 0.1, 0.5, 0.9], [0, 1, 12_345] as [UInt64])
    func dropsItsShare(_ probability: Double, _ seed: UInt64) {
        let count = 100_000
        let mask = mask(probability, seed: seed, count: count)
        let scale = Float(1 / (1 - probability))
        #expect(mask.allSatisfy { $0 == 0 || $0 == scale })
        func check(_ found: Int, of count: Int, _ probability: Double) {
            let deviation = (Double(count) * probability * (1 - probability)).squareRoot()
            #expect(abs(Double(found) - Double(count) * probability) <= 4 * deviation)
        }
        check(mask.count { $0 == 0 }, of: count, probability)
        for distance in [1, 2, 64] {
            let pairs = zip(mask, mask.dropFirst(distance)).count { $0 == 0 && $1 == 0 }
            check(pairs, of: count - distance, probability * probability)
        }
    }

    @Test func seedsGiveDifferentMasks() {
        let masks = (0..<20).map { mask(0.5, seed: $0, count: 64) }
        #expect(Set(masks).count == 20)
        #expect(mask(0.5, seed: 3, count: 64) == masks[3])
    }

    /// A mask does not depend on how much is masked at once, or on how many threads.
    @Test func elementsAreIndependentOfTheRest() {
        let whole = mask(0.3, seed: 5, count: 1000)
        #expect(mask(0.3, seed: 5, count: 37) == Array(whole.prefix(37)))
        Parallel.setThreadCount(3)
        defer { Parallel.setThreadCount(0) }
        #expect(mask(0.3, seed: 5, count: 1000) == whole)
    }

    /// What is left and what is not make up the whole, and the derivative has the same mask.
    @Test func remainderAndBackward() {
        let count = 300
        let x = testNumbers(count, seed: 1)
        let dropout = Dropout(probability: 0.25, seed: 9)
        var (left, rest) = (x, x)
        dropout.forward(x, count: count, into: &left)
        dropout.remainder(x, count: count, into: &rest)
        expectClose(zip(left, rest).map(+), x, absolute: 1e-6)
        var dx = [Float](repeating: 2, count: count)
        dropout.backward(x, count: count, into: &dx)
        expectClose(dx, left.map { $0 + 2 }, absolute: 1e-6)
    }
}
