#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file's bytes, mapped read-only for as long as the object lives; or what was made of them, in memory.
///
/// Replacing the file is harmless (`AtomicFile` does); shortening it in place is not: reading a
/// mapped page behind a file's end is a fault that no program survives.
package final class MappedFile: Sendable {
    package let path: String
    package nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

    package init(path: String) throws(ADPOError) {
        // O_NONBLOCK: a named pipe without a writer would keep the call waiting forever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ADPOError(.io, "cannot read \(path): it is not a regular file")
        }
        self.path = path
        let size = Int(status.st_size)
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED
        else { throw Self.failure("map", path) }
        bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    /// Memory that `fill` writes once.
    ///
    /// - Parameter path: The file that it was made from.
    /// - Throws: `.outOfMemory`.
    package init(
        path: String, byteCount: Int, fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws(ADPOError) {
        guard byteCount > 0,
            let base = mmap(
                nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0),
            base != MAP_FAILED
        else {
            throw ADPOError(.outOfMemory, "out of memory: cannot allocate \(byteCount) bytes")
        }
        self.path = path
        bytes = UnsafeRawBufferPointer(start: base, count: byteCount)
        fill(UnsafeMutableRawBufferPointer(start: base, count: byteCount))
    }

    deinit {
        if let base = bytes.baseAddress {
            munmap(UnsafeMutableRawPointer(mutating: base), bytes.count)
        }
    }

    private static func failure(_ action: String, _ path: String) -> ADPOError {
        let number = errno
        let isMissing = number == ENOENT || number == ENOTDIR
        return ADPOError(
            isMissing ? .notFound : .io,
            "cannot \(action) \(path): \(String(cString: strerror(number)))")
    }
}
