import ADPOBase
import FoundationEssentials
import TestSupport
import Testing

struct AtomicFileTests {
    @Test func replacesAFileAndLeavesNothingBeside() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/file"
            try AtomicFile.write(Array("old and longer".utf8), to: path)
            try AtomicFile.write(Array("new".utf8), to: path)
            #expect(try readBytes(path) == Array("new".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["file"])
        }
    }

    /// A folder bears the name already, so the last step fails.
    @Test func leavesNothingBehindWhenItFails() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/taken"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false)
            let error = #expect(throws: ADPOError.self) { try AtomicFile.write([1, 2], to: path) }
            #expect(error?.code == .io)
            #expect(error?.message.contains(path) == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["taken"])
        }
    }

    @Test func namesAMissingFolder() {
        let error = #expect(throws: ADPOError.self) {
            try AtomicFile.write([1], to: "/nonexistent/file")
        }
        #expect(error?.code == .io)
        #expect(error?.message == "cannot write /nonexistent/file: No such file or directory")
    }

    /// What is mapped stays as it was: the new content is another file.
    @Test func aMappingSurvivesAReplacement() throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/file"
            try AtomicFile.write(Array("old".utf8), to: path)
            let mapped = try MappedFile(path: path)
            try AtomicFile.write(Array("new".utf8), to: path)
            defer { withExtendedLifetime(mapped) {} }
            #expect(Array(mapped.bytes) == Array("old".utf8))
        }
    }
}
