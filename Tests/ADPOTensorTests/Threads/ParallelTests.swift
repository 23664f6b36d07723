import ADPOBase
import ADPOTensor
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct ParallelTests {
    @Test(arguments: [1, 2, 3, 8])
    func runsEachIterationOnce(_ threads: Int) {
        Parallel.setThreadCount(threads)
        defer { Parallel.setThreadCount(0) }
        #expect(Parallel.threadCount == threads)
        for count in [0, 1, 2, 7, 1000] {
            let runs = (0..<count).map { _ in Counter() }
            Parallel.forEach(count) { runs[$0].value.add(1, ordering: .relaxed) }
            #expect(runs.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
        }
    }

    @Test func rangesCoverEverything() {
        for count in [0, 1, 15, 16, 17, 1000] {
            let runs = (0..<count).map { _ in Counter() }
            Parallel.forEachRange(count, alignment: 16) { range in
                #expect(range.lowerBound % 16 == 0)
                for index in range { runs[index].value.add(1, ordering: .relaxed) }
            }
            #expect(runs.allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
        }
    }

    /// More threads than cores, so that workers come late: a loop is complete when it returns, and
    /// who comes late disturbs none that follows.
    @Test func loopsFollowEachOther() {
        Parallel.setThreadCount(8)
        defer { Parallel.setThreadCount(0) }
        let runs = (0..<5).map { _ in Counter() }
        for round in 1...5000 {
            Parallel.forEach(runs.count) { runs[$0].value.add(1, ordering: .relaxed) }
            guard runs.allSatisfy({ $0.value.load(ordering: .relaxed) == round }) else {
                Issue.record("loop \(round) was not complete, or ran an iteration twice")
                return
            }
        }
    }

    /// A loop within a loop, and loops of several threads at once: all complete.
    @Test func loopsMayMeet() {
        let sum = Counter()
        Parallel.forEach(10) { _ in
            Parallel.forEach(10) { _ in sum.value.add(1, ordering: .relaxed) }
        }
        #expect(sum.value.load(ordering: .relaxed) == 100)
        let threads = (0..<4).map { _ in
            startThread {
                for _ in 0..<200 {
                    Parallel.forEach(20) { _ in sum.value.add(1, ordering: .relaxed) }
                }
            }
        }
        for thread in threads { pthread_join(thread, nil) }
        #expect(sum.value.load(ordering: .relaxed) == 100 + 4 * 200 * 20)
    }

    /// A forked child has no worker threads, and still completes.
    @Test func aForkedChildComputes() throws {
        Parallel.forEach(10) { _ in }
        let isComplete = try inForkedChild {
            let sum = Counter()
            Parallel.forEach(100) { _ in sum.value.add(1, ordering: .relaxed) }
            return sum.value.load(ordering: .relaxed) == 100
        }
        #expect(isComplete)
    }

    /// As the workers of a multiprocessing pool begin: the parent's threads are not waited for.
    @Test func aForkedChildSetsItsThreads() throws {
        Parallel.setThreadCount(3)
        defer { Parallel.setThreadCount(0) }
        Parallel.forEach(10) { _ in }
        let isComplete = try inForkedChild {
            Parallel.setThreadCount(2)
            Parallel.forEach(10) { _ in }
            return Parallel.threadCount == 2
        }
        #expect(isComplete)
    }

    /// Threads of a forked child that want the pool at the same time wait for each other.
    @Test func aForkedChildHasThreads() throws {
        Parallel.forEach(10) { _ in }
        let isComplete = try inForkedChild {
            let sum = Counter()
            @Sendable func loops() {
                for _ in 0..<30_000 {
                    Parallel.forEach(1) { _ in sum.value.add(1, ordering: .relaxed) }
                }
            }
            let threads = (0..<4).map { _ in startThread { loops() } }
            loops()
            for thread in threads { pthread_join(thread, nil) }
            return sum.value.load(ordering: .relaxed) == 150_000
        }
        #expect(isComplete)
    }

    /// Whichever thread forks, and whatever the others are doing with the pool.
    @Test func aForkFindsThePoolWhole() throws {
        let isDone = Counter()
        let thread = startThread {
            while isDone.value.load(ordering: .relaxed) == 0 { Parallel.setThreadCount(2) }
        }
        defer {
            isDone.value.store(1, ordering: .relaxed)
            pthread_join(thread, nil)
            Parallel.setThreadCount(0)
        }
        for _ in 0..<25 {
            let isComplete = try inForkedChild {
                Parallel.forEach(10) { _ in }
                return true
            }
            guard isComplete else {
                Issue.record("a forked child hangs, or ended with a signal")
                return
            }
        }
    }
}

/// Whether `body` gives true in a forked child, which has 20 seconds for it.
private func inForkedChild(_ body: () -> Bool) throws -> Bool {
    let child = forkProcess()
    try #require(child >= 0)
    if child == 0 {
        alarm(20)  // rather than hang
        _exit(body() ? 0 : 1)
    }
    var status: Int32 = -1
    waitpid(child, &status, 0)
    return status == 0
}

private final class Counter: Sendable {
    let value = Atomic<Int>(0)
}

private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body)).toOpaque()
    pthread_create(
        &thread, nil,
        { box in
            if let box { Unmanaged<Box>.fromOpaque(box).takeRetainedValue().body() }
            return nil
        }, box)
    return thread
}

/// Swift marks fork unavailable, since little may be called in the child.
private func forkProcess() -> pid_t {
    typealias Fork = @convention(c) () -> pid_t
    guard let symbol = dlsym(nil, "fork") else { return -1 }
    return unsafeBitCast(symbol, to: Fork.self)()
}
