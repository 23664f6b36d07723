#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Blocks of zeroed memory, aligned to cache lines of 64 bytes.
package enum ZeroedMemory {
    /// Blocks from this size on are mapped, so that they go back to the system at once. A heap may
    /// keep them.
    private static let mappedBytes = 1 << 20

    /// Allocates a block; nil when there is not enough memory.
    package static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer? {
        if bytes < mappedBytes {
            var memory: UnsafeMutableRawPointer?
            guard posix_memalign(&memory, 64, max(bytes, 1)) == 0, let memory else { return nil }
            memset(memory, 0, bytes)
            return memory
        }
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        #if os(Linux)
            // Fewer misses of the TLB in products. It is advice: failure does not matter.
            madvise(memory, bytes, MADV_HUGEPAGE)
        #endif
        return memory
    }

    /// Frees a block, which was allocated with this size.
    package static func free(_ memory: UnsafeMutableRawPointer, _ bytes: Int) {
        if bytes < mappedBytes { release(memory) } else { munmap(memory, bytes) }
    }
}

private func release(_ memory: UnsafeMutableRawPointer) { free(memory) }
