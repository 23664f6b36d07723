import ADPO
import ADPOBase
import ADPOTensor
import FoundationEssentials
import TestSupport
import Testing

/// A tiny model of a family, and what transformers, peft and PyTorch say of it.
struct FamilyFixture: Sendable, CustomTestStringConvertible {
    /// A model of one kind of file.
    struct File: Sendable, CustomTestStringConvertible {
        let fixture: FamilyFixture
        /// Below Tests/Fixtures.
        let path: String
        var testDescription: String { path }

        func model() throws -> Model { try Model(path: Fixture.path("Fixtures/\(path)")) }
    }

    let name: String
    let files: [File]
    var testDescription: String { name }

    /// Every golden in Tests/Golden/families.
    static let all: [FamilyFixture] = {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: Fixture.path("Golden/families"))
        return (names ?? []).sorted().filter { $0.hasSuffix(".json") }.compactMap { file in
            FamilyFixture(String(file.dropLast(5)))
        }
    }()

    static var files: [File] { all.flatMap(\.files) }

    private init?(_ name: String) {
        self.name = name
        guard let golden = try? TestSupport.golden("families/\(name).json") else { return nil }
        let bare = FamilyFixture(name: name, files: [])
        files = ["model", "gguf"].compactMap { golden[$0]?.string }
            .map { File(fixture: bare, path: $0) }
    }

    private init(name: String, files: [File]) {
        self.name = name
        self.files = files
    }

    var golden: JSON { get throws { try TestSupport.golden("families/\(name).json") } }

    var tensors: TensorTable {
        get throws {
            try SafetensorsFile(path: Fixture.path("Golden/families/\(name).safetensors")).tensors
        }
    }

    /// The adapters that peft made.
    var adapters: [JSON] { get throws { try golden["adapters"]?.array ?? [] } }
}
