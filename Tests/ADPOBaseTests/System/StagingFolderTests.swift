import ADPOBase
import FoundationEssentials
import TestSupport
import Testing

struct StagingFolderTests {
    @Test func keepsWhatMovesOut() throws {
        try withTemporaryDirectory { directory in
            try StagingFolder.with(in: directory) { (folder) throws(ADPOError) in
                try AtomicFile.write([1], to: folder + "/kept")
                try AtomicFile.write([2], to: folder + "/dropped")
                try StagingFolder.move(folder + "/kept", to: directory + "/kept")
            }
            #expect(StagingFolder.names(in: directory) == ["kept"])
            #expect(try readBytes(directory + "/kept") == [1])
        }
    }

    @Test func leavesNothingBehindWhenItFails() throws {
        try withTemporaryDirectory { directory in
            #expect(throws: ADPOError.self) {
                try StagingFolder.with(in: directory) { (folder) throws(ADPOError) in
                    try AtomicFile.write([1], to: folder + "/file")
                    throw ADPOError(.internal, "")
                }
            }
            #expect(StagingFolder.names(in: directory) == [])
        }
    }

    @Test func makesADirectory() throws {
        try withTemporaryDirectory { directory in
            for content in [UInt8(1), 2] {
                try StagingFolder.withDirectory(directory + "/new") { (folder) throws(ADPOError) in
                    try AtomicFile.write([content], to: folder + "/file")
                    try StagingFolder.move(folder + "/file", to: directory + "/new/file")
                }
                #expect(try readBytes(directory + "/new/file") == [content])
            }
            #expect(throws: ADPOError.self) {
                try StagingFolder.withDirectory(directory + "/failed") {
                    (_) throws(ADPOError) in throw ADPOError(.internal, "")
                }
            }
            #expect(StagingFolder.names(in: directory) == ["new"])
            for path in ["/new/file", "/new/file/below", "/missing/below"] {
                let error = #expect(throws: ADPOError.self) {
                    try StagingFolder.withDirectory(directory + path) { (_) throws(ADPOError) in }
                }
                #expect(error?.code == .io)
            }
        }
    }

    @Test func knowsTheParent() {
        #expect(StagingFolder.parent(of: "a/b.gguf") == "a")
        #expect(StagingFolder.parent(of: "/b.gguf") == "/")
        #expect(StagingFolder.parent(of: "b.gguf") == ".")
    }
}
