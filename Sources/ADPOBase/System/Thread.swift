#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A thread of the operating system.
package struct Thread: @unchecked Sendable {
    private let handle: pthread_t

    /// Starts a thread that runs `body`; nil when the system gives no more threads.
    package init?(_ body: @escaping @Sendable () -> Void) {
        // A host's signal handlers run on the host's threads: this one begins with all blocked.
        var (every, hosts) = (sigset_t(), sigset_t())
        sigfillset(&every)
        pthread_sigmask(SIG_SETMASK, &every, &hosts)
        defer { pthread_sigmask(SIG_SETMASK, &hosts, nil) }
        let main = Unmanaged.passRetained(ThreadMain(body))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread: pthread_t = .init()
        #endif
        let status = pthread_create(
            &thread, nil,
            { argument in
                // It is optional on some systems, and never nil.
                let argument: UnsafeMutableRawPointer? = argument
                if let argument {
                    Unmanaged<ThreadMain>.fromOpaque(argument).takeRetainedValue().body()
                }
                return nil
            }, main.toOpaque())
        guard status == 0 else {
            main.release()
            return nil
        }
        #if canImport(Darwin)
            guard let thread else { return nil }
        #endif
        handle = thread
    }

    /// Waits until the thread has ended. Each is to be joined once.
    package func join() { pthread_join(handle, nil) }

    /// Lets other threads run.
    package static func yield() { sched_yield() }

    /// Calls these functions whenever the process forks: in the parent before and after, and in
    /// the child.
    package static func atFork(
        before: @escaping @convention(c) () -> Void, inParent: @escaping @convention(c) () -> Void,
        inChild: @escaping @convention(c) () -> Void
    ) {
        pthread_atfork(before, inParent, inChild)
    }
}

private final class ThreadMain {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
