import ADPOBase
import CKernels

/// Loops on all cores, process-wide.
package enum Parallel {
    private struct State {
        var pool: ThreadPool?
        var requestedCount = 0
    }

    /// Used by who holds the lock.
    private nonisolated(unsafe) static var state = State()

    /// Held also while the process forks, so that the child finds the state whole. A forked child
    /// has none of its parent's threads: it leaves the pool to itself, since ending it would wait
    /// for them.
    private static let lock: Lock = {
        Thread.atFork(
            before: { Parallel.lock.lock() },
            inParent: { Parallel.lock.unlock() },
            inChild: {
                if let pool = Parallel.state.pool { _ = Unmanaged.passRetained(pool) }
                Parallel.state.pool = nil
                Parallel.lock.unlock()
            })
        return Lock()
    }()

    private static func withState<Result>(_ body: (inout State) -> Result) -> Result {
        lock.lock()
        defer { lock.unlock() }
        return body(&state)
    }

    /// The number of threads that compute.
    package static var threadCount: Int { pool().threadCount }

    /// Uses `count` threads from now on; 0 for one a core. A loop that is running ends on the old
    /// threads.
    package static func setThreadCount(_ count: Int) {
        // The old pool ends, after its loop, when the state is free again.
        _ = withState { state in
            let old = state.pool
            state = State(requestedCount: count)
            return old
        }
    }

    /// Runs `body` for 0 ..< count. An iteration may write only what no other one touches.
    package static func forEach(_ count: Int, _ body: (Int) -> Void) {
        pool().forEach(count, lanes: .max) { index, _ in body(index) }
    }

    /// Runs `body(index, lane)` for each index of 0 ..< count. Iterations of one lane follow each
    /// other, and there are at most `lanes`, so each lane can have scratch of its own.
    package static func forEach(_ count: Int, lanes: Int, _ body: (Int, _ lane: Int) -> Void) {
        pool().forEach(count, lanes: lanes, body)
    }

    /// Runs `body` on ranges that cover 0 ..< count, one a thread, their lower bounds multiples of
    /// `alignment`.
    package static func forEachRange(
        _ count: Int, alignment: Int = 1, _ body: (Range<Int>) -> Void
    ) {
        guard count > 0 else { return }
        let pool = pool()
        let units = (count + alignment - 1) / alignment
        let size = (units + pool.threadCount - 1) / pool.threadCount * alignment
        pool.forEach((count + size - 1) / size, lanes: .max) { index, _ in
            body(index * size..<min(count, (index + 1) * size))
        }
    }

    private static func pool() -> ThreadPool {
        withState { state in
            if let pool = state.pool { return pool }
            let count = state.requestedCount
            let pool = ThreadPool(threadCount: count > 0 ? count : processorCount)
            state.pool = pool
            return pool
        }
    }

    /// The cores that this process may use.
    private static var processorCount: Int { Int(adpo_processor_count()) }
}
