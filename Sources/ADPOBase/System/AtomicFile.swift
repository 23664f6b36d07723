#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes a file whole or not at all.
package struct AtomicFile {
    private let path: String
    private let descriptor: Int32

    /// Makes `path` hold what `body` appends. That goes to a new file in the same folder, which
    /// takes the name once it is on the disk: a reader, or a crash, finds the old content or the
    /// new. When it throws, `path` is as it was and nothing lies beside it.
    ///
    /// - Throws: `.io`, and what `body` throws.
    package static func write(
        to path: String, _ body: (AtomicFile) throws(ADPOError) -> Void
    ) throws(ADPOError) {
        let temporary = "\(path).\(UInt64.random(in: 0 ... .max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path, errno) }
        do throws(ADPOError) {
            do throws(ADPOError) {
                try body(AtomicFile(path: path, descriptor: descriptor))
                guard fsync(descriptor) == 0 else { throw failure(path, errno) }
            } catch {
                close(descriptor)
                throw error
            }
            guard close(descriptor) == 0, rename(temporary, path) == 0 else {
                throw failure(path, errno)
            }
        } catch {
            unlink(temporary)
            throw error
        }
    }

    package static func write(_ bytes: [UInt8], to path: String) throws(ADPOError) {
        try write(to: path) { (file) throws(ADPOError) in try file.append(bytes) }
    }

    /// Sees that `path` can be written, before what is to be written takes long to make.
    ///
    /// - Throws: `.io`.
    package static func check(_ path: String) throws(ADPOError) {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
            throw failure(path, EISDIR)
        }
        let temporary = "\(path).\(UInt64.random(in: 0 ... .max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path, errno) }
        close(descriptor)
        unlink(temporary)
    }

    /// Appends the elements' bytes.
    package func append(_ elements: [some BitwiseCopyable]) throws(ADPOError) {
        let number = elements.withUnsafeBytes(write)
        guard number == 0 else { throw Self.failure(path, number) }
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(ADPOError) {
        let number = write(bytes)
        guard number == 0 else { throw Self.failure(path, number) }
    }

    /// The number of bytes so far.
    package var position: Int { Int(lseek(descriptor, 0, SEEK_CUR)) }

    /// Gives the number of the error, or 0.
    private func write(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
            if written < 0, errno == EINTR { continue }
            guard written >= 0 else { return errno }
            rest = rest.dropFirst(written)
        }
        return 0
    }

    private static func failure(_ path: String, _ number: Int32) -> ADPOError {
        ADPOError(.io, "cannot write \(path): \(String(cString: strerror(number)))")
    }
}

/// The system's `write`, whose name is taken in `AtomicFile`.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
