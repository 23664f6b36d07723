import ADPOTensor

/// The keys and values of a text so far, which generation continues token by token.
final class KeyValueCache {
    private let architecture: Architecture
    private var buffer: Buffer<Float>
    private var capacity = 0
    /// The tokens that it holds.
    private(set) var count = 0

    init(_ architecture: Architecture) throws(ADPOError) {
        self.architecture = architecture
        buffer = try Buffer(zeros: 0)
    }

    /// [capacity, keyValueHeads * headWidth]
    func keys(_ layer: Int) -> UnsafeMutablePointer<Float> {
        buffer.pointer + 2 * layer * capacity * architecture.keyWidth
    }

    /// [capacity, keyValueHeads * headWidth]
    func values(_ layer: Int) -> UnsafeMutablePointer<Float> {
        buffer.pointer + (2 * layer + 1) * capacity * architecture.keyWidth
    }

    /// Makes room for more tokens.
    func reserve(_ more: Int) throws(ADPOError) {
        guard count + more > capacity else { return }
        let newCapacity = max(count + more, 2 * capacity)
        let width = architecture.keyWidth
        let (floats, overflow) = (2 * architecture.layers * width)
            .multipliedReportingOverflow(by: newCapacity)
        guard !overflow else {
            throw ADPOError(.outOfMemory, "out of memory: a cache of \(newCapacity) tokens")
        }
        let new = try Buffer<Float>(zeros: floats)
        for part in 0..<2 * architecture.layers {
            (new.pointer + part * newCapacity * width).update(
                from: buffer.pointer + part * capacity * width, count: count * width)
        }
        buffer = new
        capacity = newCapacity
    }

    func advance(by tokens: Int) { count += tokens }
}
