import ADPOTensor

/// The keys and values of a text so far, which generation continues token by token.
final class KeyValueCache {
    private let architecture: Architecture
    private let capacity: Int
    private let buffer: Buffer<Float>
    /// The tokens that it holds.
    private(set) var count = 0

    init(_ architecture: Architecture, capacity: Int) throws(ADPOError) {
        let perToken = 2 * architecture.layers * architecture.keyWidth
        let (floats, overflow) = perToken.multipliedReportingOverflow(by: capacity)
        guard !overflow else {
            throw ADPOError(.outOfMemory, "out of memory: a cache of \(capacity) tokens")
        }
        buffer = try Buffer(zeros: floats)
        self.architecture = architecture
        self.capacity = capacity
    }

    /// [capacity, keyValueHeads * headWidth]
    func keys(_ layer: Int) -> UnsafeMutablePointer<Float> {
        buffer.pointer + 2 * layer * capacity * architecture.keyWidth
    }

    /// [capacity, keyValueHeads * headWidth]
    func values(_ layer: Int) -> UnsafeMutablePointer<Float> {
        buffer.pointer + (2 * layer + 1) * capacity * architecture.keyWidth
    }

    func advance(by tokens: Int) { count += tokens }
}
