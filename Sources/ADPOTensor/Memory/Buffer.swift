import ADPOBase

/// A block of memory with one owner.
///
/// Allocation can fail, so it throws: an out-of-memory host is told, not killed.
package struct Buffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    /// Aligned to cache lines, of 64 bytes.
    package let pointer: UnsafeMutablePointer<Element>
    package let count: Int

    /// `count` elements, every byte zero.
    package init(zeros count: Int) throws(ADPOError) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        guard !overflow, bytes >= 0, let memory = ZeroedMemory.allocate(bytes)
        else {
            throw ADPOError(
                .outOfMemory,
                "out of memory: cannot allocate \(count) x \(MemoryLayout<Element>.stride) bytes")
        }
        pointer = memory.bindMemory(to: Element.self, capacity: count)
        self.count = count
    }

    deinit { ZeroedMemory.free(pointer, count * MemoryLayout<Element>.stride) }

    package var elements: UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: pointer, count: count)
    }
    package var mutableElements: UnsafeMutableBufferPointer<Element> {
        UnsafeMutableBufferPointer(start: pointer, count: count)
    }
}
