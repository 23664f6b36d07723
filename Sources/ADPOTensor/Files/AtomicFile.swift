import Glibc

/// Writes files whole or not at all.
package enum AtomicFile {
    /// Makes `path` hold the chunks, one after the other. They go to a new file in the same folder,
    /// which takes the name once it is on the disk: a reader, or a crash, finds the old content or
    /// the new. Throws `io`, and then leaves `path` as it was and nothing beside it.
    package static func write(_ chunks: [UnsafeRawBufferPointer], to path: String)
        throws(ADPOError)
    {
        let temporary = "\(path).\(UInt64.random(in: 0 ... .max)).tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure(path, errno) }
        var number = write(chunks, to: descriptor)
        if close(descriptor) != 0, number == 0 { number = errno }
        if number == 0, rename(temporary, path) != 0 { number = errno }
        guard number == 0 else {
            unlink(temporary)
            throw failure(path, number)
        }
    }

    package static func write(_ bytes: [UInt8], to path: String) throws(ADPOError) {
        try bytes.withUnsafeBufferPointer { (bytes) throws(ADPOError) in
            try write([UnsafeRawBufferPointer(bytes)], to: path)
        }
    }

    /// 0, or the error number of what failed.
    private static func write(_ chunks: [UnsafeRawBufferPointer], to descriptor: Int32) -> Int32 {
        for chunk in chunks {
            var rest = chunk[...]
            while !rest.isEmpty {
                let written = Glibc.write(
                    descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written >= 0 else { return errno }
                rest = rest.dropFirst(written)
            }
        }
        return fsync(descriptor) == 0 ? 0 : errno
    }

    private static func failure(_ path: String, _ number: Int32) -> ADPOError {
        ADPOError(.io, "cannot write \(path): \(String(cString: strerror(number)))")
    }
}
