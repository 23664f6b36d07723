import ADPO
import ADPOBase
import FoundationEssentials
import TestSupport
import Testing

/// Model and adapter files in which one value is another one, or missing: they are used as far as
/// they are read. Anything may come out but a trap or an endless wait.
struct HostileFilesTests {
    /// What may stand at any place of a JSON file.
    private static let values: [String] = [
        "null", "0", "-1", "3", "0.5", "1e308", "1e999", "1000000000", "9223372036854775807",
        "18446744073709551616", #""""#, #""\ud800""#, "[]", "{}", "[0,9223372036854775807]",
        String(repeating: "[", count: 200) + String(repeating: "]", count: 200),
    ]

    @Test(arguments: [
        ("models/llama-f32", "config.json"), ("models/llama-rope-yarn", "config.json"),
        ("models/llama-rope-dynamic", "config.json"), ("models/llama-rope-llama3", "config.json"),
        ("models/llama-f32", "generation_config.json"),
        ("models/llama-f32", "tokenizer_config.json"), ("models/llama-f32", "tokenizer.json"),
        ("models/llama-f16-sharded", "model.safetensors.index.json"),
    ])
    func anyValueOfAModelMayBeWrong(_ folder: String, _ file: String) throws {
        let folder = Fixture.path("Fixtures/\(folder)")
        let document = try JSON(path: "\(folder)/\(file)")
        try withTwin(of: folder, without: file) { twin in
            for text in variants(of: document) {
                try write(Array(text.utf8), "\(twin)/\(file)")
                if let model = try? Model(path: twin) { use(model) }
            }
        }
    }

    @Test(arguments: [("llama-f32-lora", "llama-f32"), ("llama-bias-dora", "llama-bias")])
    func anyValueOfAnAdapterMayBeWrong(_ name: String, _ base: String) throws {
        let folder = Fixture.path("Fixtures/adapters/\(name)")
        let document = try JSON(path: "\(folder)/adapter_config.json")
        let session = try Session(model: Model(path: Fixture.path("Fixtures/models/\(base)")))
        try withTwin(of: folder, without: "adapter_config.json") { twin in
            for text in variants(of: document) {
                try write(Array(text.utf8), "\(twin)/adapter_config.json")
                try use(adapter: twin, session)
            }
        }
    }

    @Test func anyValueOfASafetensorsHeaderMayBeWrong() throws {
        let (folder, file) = ("Fixtures/adapters/llama-bias-dora", "adapter_model.safetensors")
        let session = try Session(model: Model(path: Fixture.path("Fixtures/models/llama-bias")))
        let bytes = try Fixture.bytes("\(folder)/\(file)")
        let size = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let text = String(decoding: bytes[8..<8 + size], as: UTF8.self)
        try withTwin(of: Fixture.path(folder), without: file) { twin in
            for text in variants(of: try JSON(text, source: file)) {
                let length = withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian, Array.init)
                try write(length + text.utf8 + bytes[(8 + size)...], "\(twin)/\(file)")
                try use(adapter: twin, session)
            }
        }
    }

    private func use(adapter path: String, _ session: Session) throws {
        guard let adapter = try? Adapter(model: session.model, path: path) else { return }
        try session.setAdapter(adapter)
        _ = try? session.score([1, 2, 3])
    }

    private func write(_ bytes: [UInt8], _ path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }

    /// As far as a host would go: tokens, text, log-probs, an answer.
    private func use(_ model: Model) {
        var ids = Array(model.tokenizer.encode("The cat  <|im_end|> sat on 12 é.").prefix(12))
        _ = model.tokenizer.decode(ids)
        ids.removeAll { $0 >= model.info.vocabulary }
        guard let session = try? Session(model: model) else { return }
        _ = try? session.score(ids)
        var configuration = GenerationConfiguration()
        configuration.maxTokens = 2
        _ = try? session.generate(prompt: ids + [1], configuration)
    }

    /// The document with another value at each place, and without each member; of long lists and
    /// objects, the first places and the last.
    private func variants(of document: JSON) -> [String] {
        var variants: [String] = []
        func visit(_ value: JSON, _ before: String, _ after: String) {
            variants += Self.values.map { before + $0 + after }
            let (parts, brackets): ([String], (String, String))
            let children: [JSON]
            switch value {
            case .array(let elements):
                (parts, brackets) = (elements.map(\.text), ("[", "]"))
                children = elements
            case .object(let members):
                parts = members.map { "\(JSON.string($0.key).text):\($0.value.text)" }
                brackets = ("{", "}")
                children = members.map(\.value)
            default: return
            }
            for index in children.indices where index < 48 && parts.count < 64 || index < 2 {
                let keys = value.members.map { JSON.string($0[index].key).text + ":" } ?? ""
                func text(_ some: ArraySlice<String>) -> String { some.joined(separator: ",") }
                let (left, right) = (text(parts[..<index]), text(parts[(index + 1)...]))
                let comma = left.isEmpty || right.isEmpty ? "" : ","
                variants.append(before + brackets.0 + left + comma + right + brackets.1 + after)
                visit(
                    children[index], before + brackets.0 + left + (index > 0 ? "," : "") + keys,
                    (right.isEmpty ? "" : ",") + right + brackets.1 + after)
            }
        }
        visit(document, "", "")
        return variants
    }

    /// Calls `body` with a folder of links to the files of another one, except for one of them.
    private func withTwin(
        of folder: String, without file: String, _ body: (String) throws -> Void
    ) throws {
        try withTemporaryDirectory { twin in
            for name in StagingFolder.names(in: folder) where name != file {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(twin)/\(name)", withDestinationPath: "\(folder)/\(name)")
            }
            try body(twin)
        }
    }
}
