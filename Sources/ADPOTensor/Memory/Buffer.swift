import Glibc

/// A block of memory with one owner.
///
/// Allocation can fail, so it throws: an out-of-memory host is told, not killed.
package struct Buffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    package let pointer: UnsafeMutablePointer<Element>
    package let count: Int

    /// `count` elements, every byte zero.
    package init(zeros count: Int) throws(ADPOError) {
        // calloc checks count * stride for overflow, and gives large blocks as untouched zero pages.
        guard count >= 0,
            let memory = calloc(max(count, 1), MemoryLayout<Element>.stride)
        else {
            throw ADPOError(
                .outOfMemory,
                "out of memory: cannot allocate \(count) x \(MemoryLayout<Element>.stride) bytes")
        }
        pointer = memory.bindMemory(to: Element.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { free(pointer) }

    package var span: UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: pointer, count: count)
    }
    package var mutableSpan: UnsafeMutableBufferPointer<Element> {
        UnsafeMutableBufferPointer(start: pointer, count: count)
    }
}
