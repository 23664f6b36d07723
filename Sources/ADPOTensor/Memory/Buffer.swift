import Glibc

/// A block of memory with one owner.
///
/// Allocation can fail, so it throws: an out-of-memory host is told, not killed.
package struct Buffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    /// Aligned to cache lines, of 64 bytes.
    package let pointer: UnsafeMutablePointer<Element>
    package let count: Int
    /// Bytes of a mapping of its own; 0 when the memory is the heap's.
    private let mapped: Int
    /// Blocks from this size on go back to the system at once. A heap may keep them.
    private static var largeBytes: Int { 1 << 20 }

    /// `count` elements, every byte zero.
    package init(zeros count: Int) throws(ADPOError) {
        let alignment = 64
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard !overflow, bytes >= 0, bytes <= .max - alignment,
            let memory = Self.allocate(bytes, alignment)
        else {
            throw ADPOError(
                .outOfMemory,
                "out of memory: cannot allocate \(count) x \(MemoryLayout<Element>.stride) bytes")
        }
        mapped = bytes < Self.largeBytes ? 0 : bytes
        pointer = memory.bindMemory(to: Element.self, capacity: count)
        self.count = count
    }

    private static func allocate(_ bytes: Int, _ alignment: Int) -> UnsafeMutableRawPointer? {
        if bytes < largeBytes {
            var memory: UnsafeMutableRawPointer?
            guard posix_memalign(&memory, alignment, max(bytes, 1)) == 0, let memory else {
                return nil
            }
            memset(memory, 0, bytes)
            return memory
        }
        // Untouched zero pages.
        let memory = mmap(
            nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { return nil }
        // Fewer misses of the TLB in products. It is advice: failure does not matter.
        madvise(memory, bytes, MADV_HUGEPAGE)
        return memory
    }

    deinit {
        if mapped > 0 { munmap(pointer, mapped) } else { free(pointer) }
    }

    package var span: UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: pointer, count: count)
    }
    package var mutableSpan: UnsafeMutableBufferPointer<Element> {
        UnsafeMutableBufferPointer(start: pointer, count: count)
    }
}
