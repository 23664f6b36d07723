import CKernels
import Glibc

/// Loops on all cores, process-wide.
package enum Parallel {
    private struct State {
        var pool: ThreadPool?
        var requestedCount = 0
    }

    private nonisolated(unsafe) static var state = State()
    /// Guards `state`, also in a forked child: that is why it is no `Mutex`, which knows its owner
    /// by a thread's number, and the child's thread has another one.
    private nonisolated(unsafe) static let mutex: UnsafeMutablePointer<pthread_mutex_t> = {
        let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_atfork(
            { pthread_mutex_lock(Parallel.mutex) }, { pthread_mutex_unlock(Parallel.mutex) },
            {
                // A forked child has none of its parent's threads: the pool is left to itself,
                // since ending it would wait for them.
                if let pool = Parallel.state.pool { _ = Unmanaged.passRetained(pool) }
                Parallel.state.pool = nil
                pthread_mutex_unlock(Parallel.mutex)
            })
        return mutex
    }()

    /// The number of threads that compute.
    package static var threadCount: Int { pool().threadCount }

    /// Uses `count` threads from now on; 0 for one a core. A loop that is running ends on the old
    /// threads.
    package static func setThreadCount(_ count: Int) {
        let old = withState { state in
            defer { state = State(requestedCount: count) }
            return state.pool
        }
        withExtendedLifetime(old) {}  // it ends here, while nobody waits for the state
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

    private static func withState<Result>(_ body: (inout State) -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body(&state)
    }

    /// The cores that this process may use.
    private static var processorCount: Int { Int(adpo_processor_count()) }
}
