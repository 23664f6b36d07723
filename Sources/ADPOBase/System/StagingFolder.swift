#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder in which files are made and tried, before they move to where they belong.
package enum StagingFolder {
    /// Calls `body` with a new folder inside of `directory`, and removes it afterwards, whatever
    /// is in it. What `body` wants to keep it moves out.
    ///
    /// - Throws: `.io`, and what `body` throws.
    package static func with<Result>(
        in directory: String, _ body: (String) throws(ADPOError) -> Result
    ) throws(ADPOError) -> Result {
        let folder = "\(directory)/.\(UInt64.random(in: 0 ... .max)).tmp"
        guard mkdir(folder, 0o777) == 0 else {
            throw ADPOError(.io, "cannot write into \(directory): \(reason(errno))")
        }
        defer { remove(folder) }
        return try body(folder)
    }

    /// Does the same for the files of a directory, which is made when it is missing; its parent
    /// must be there. A new directory goes again when `body` throws.
    package static func withDirectory<Result>(
        _ path: String, _ body: (String) throws(ADPOError) -> Result
    ) throws(ADPOError) -> Result {
        let isNew = try makeDirectory(path)
        do throws(ADPOError) {
            return try with(in: path, body)
        } catch {
            if isNew { rmdir(path) }
            throw error
        }
    }

    /// Makes a directory; false when it is there already.
    ///
    /// - Throws: `.io`.
    @discardableResult
    package static func makeDirectory(_ path: String) throws(ADPOError) -> Bool {
        if mkdir(path, 0o777) == 0 { return true }
        let number = errno
        guard number == EEXIST, FileStatus(path)?.isDirectory == true else {
            throw ADPOError(.io, "cannot make the directory \(path): \(reason(number))")
        }
        return false
    }

    /// The directory that a path is in.
    package static func parent(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Gives a file its place; one that is there already is replaced.
    ///
    /// - Throws: `.io`.
    package static func move(_ file: String, to path: String) throws(ADPOError) {
        guard rename(file, path) == 0 else {
            throw ADPOError(.io, "cannot write \(path): \(reason(errno))")
        }
    }

    /// The names of a directory's entries, sorted.
    package static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            // The entry ends with the name, before the end of the struct.
            guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { return [] }
            let name = String(
                cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a folder of files and folders.
    private static func remove(_ folder: String) {
        for name in names(in: folder) where unlink("\(folder)/\(name)") != 0 {
            remove("\(folder)/\(name)")
        }
        rmdir(folder)
    }

    private static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }
}
