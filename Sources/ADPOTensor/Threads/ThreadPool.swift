import ADPOBase
import Synchronization

/// Worker threads that run the iterations of one loop at a time, together with the caller.
///
/// Iterations are handed out one by one. Each must write only what no other iteration reads or
/// writes; then the result does not depend on which thread ran it.
final class ThreadPool: Sendable {
    let threadCount: Int
    private let loop: SharedLoop
    private let workers: [Thread]

    /// Workers that cannot be started are done without.
    init(threadCount: Int) {
        self.threadCount = threadCount
        let loop = SharedLoop()
        self.loop = loop
        workers = (1..<max(threadCount, 1)).compactMap { lane in
            Thread { loop.work(lane: lane) }
        }
    }

    deinit {
        loop.stop()
        for worker in workers { worker.join() }
    }

    /// Runs `body(index, lane)` for each index of 0 ..< count, in fewer than `lanes` lanes besides
    /// the caller's own, which is 0. While another loop is running, the caller does it all alone.
    func forEach(_ count: Int, lanes: Int, _ body: (Int, Int) -> Void) {
        guard count > 1, lanes > 1, !workers.isEmpty, loop.run(count, lanes, body)
        else {
            for index in 0..<max(count, 0) { body(index, 0) }
            return
        }
    }
}

/// The loop that is running, as the caller and the workers see it.
private final class SharedLoop: @unchecked Sendable {
    /// Workers look for the next loop this many times before they sleep: the loops of a forward
    /// pass follow each other within microseconds, and waking a thread takes about fifty.
    private static let spins = 60_000

    private let isBusy = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    /// Counts loops; a worker that sees a new number tries to join in.
    private let generation = Atomic<Int>(0)
    private let nextIndex = Atomic<Int>(0)
    /// The workers inside the loop, plus `closed` while no more may join. Only those that joined
    /// are waited for: one that the system runs late holds up nobody.
    private let participants = Atomic<Int>(SharedLoop.closed)
    private static let closed = Int.min / 2
    // Written by the caller while the loop is closed, read by workers that joined.
    private var count = 0
    private var lanes = 0
    private var body: ((Int, Int) -> Void)?
    private let lock = Lock()

    /// False, and nothing done, while another loop is running.
    func run(_ count: Int, _ lanes: Int, _ body: (Int, Int) -> Void) -> Bool {
        guard !isBusy.exchange(true, ordering: .acquiring) else { return false }
        withoutActuallyEscaping(body) { body in
            self.count = count
            self.lanes = lanes
            self.body = body
            nextIndex.store(0, ordering: .relaxed)
            participants.wrappingSubtract(Self.closed, ordering: .releasing)
            generation.add(1, ordering: .releasing)
            wake()
            takeIterations(body, count, lane: 0)
            participants.wrappingAdd(Self.closed, ordering: .relaxed)
            var spins = 0
            while participants.load(ordering: .acquiring) != Self.closed {
                spins += 1
                if spins % Self.spins == 0 { Thread.yield() }
            }
            self.body = nil
        }
        isBusy.store(false, ordering: .releasing)
        return true
    }

    func stop() {
        isStopping.store(true, ordering: .releasing)
        wake()
    }

    func work(lane: Int) {
        var seen = 0
        while true {
            waitForWork(after: seen)
            if isStopping.load(ordering: .acquiring) { return }
            seen = generation.load(ordering: .relaxed)
            if participants.wrappingAdd(1, ordering: .acquiring).newValue > 0, let body,
                lane < lanes
            {
                takeIterations(body, count, lane: lane)
            }
            participants.wrappingSubtract(1, ordering: .releasing)
        }
    }

    private func wake() {
        lock.lock()
        lock.wakeAll()
        lock.unlock()
    }

    private func takeIterations(_ body: (Int, Int) -> Void, _ count: Int, lane: Int) {
        while true {
            let index = nextIndex.wrappingAdd(1, ordering: .relaxed).oldValue
            if index >= count { return }
            body(index, lane)
        }
    }

    private func isIdle(after seen: Int) -> Bool {
        generation.load(ordering: .acquiring) == seen && !isStopping.load(ordering: .acquiring)
    }

    private func waitForWork(after seen: Int) {
        for _ in 0..<Self.spins where !isIdle(after: seen) { return }
        lock.lock()
        while isIdle(after: seen) { lock.wait() }
        lock.unlock()
    }
}
