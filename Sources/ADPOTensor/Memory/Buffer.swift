import Glibc

/// A block of memory with one owner.
///
/// Allocation can fail, so it throws: an out-of-memory host is told, not killed.
package struct Buffer<Element: BitwiseCopyable>: ~Copyable, @unchecked Sendable {
    /// Aligned to cache lines, of 64 bytes.
    package let pointer: UnsafeMutablePointer<Element>
    package let count: Int
    private let allocation: UnsafeMutableRawPointer

    /// `count` elements, every byte zero.
    package init(zeros count: Int) throws(ADPOError) {
        let alignment = 64
        let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
        // calloc gives large blocks as untouched zero pages.
        guard !overflow, bytes >= 0, bytes <= .max - alignment,
            let allocation = calloc(1, bytes + alignment)
        else {
            throw ADPOError(
                .outOfMemory,
                "out of memory: cannot allocate \(count) x \(MemoryLayout<Element>.stride) bytes")
        }
        self.allocation = allocation
        pointer = allocation.alignedUp(toMultipleOf: alignment)
            .bindMemory(to: Element.self, capacity: count)
        self.count = count
    }

    deinit { free(allocation) }

    package var span: UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: pointer, count: count)
    }
    package var mutableSpan: UnsafeMutableBufferPointer<Element> {
        UnsafeMutableBufferPointer(start: pointer, count: count)
    }
}
