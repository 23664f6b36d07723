import ADPO
import ADPOBase
import TestSupport
import Testing

/// Every family is written as both kinds of files, merged with an adapter or not, and read back.
struct FamilyExportTests {
    /// What no GGUF file says: such exports are refused.
    private static let onlyInDirectories: Set<String> = [
        "families/gemma3-older", "families/gemma3-multimodal", "families/gpt2-untied",
        "families/gpt_neox-sequential", "families/mixtral-window", "families/qwen3_moe-sparse",
        "families/qwen2_moe-sparse", "families/olmoe-older", "families/olmo2-older",
        "families/phi-older", "families/starcoder2-window", "families/cohere-norms",
        "families/cohere2-older", "families/arcee-older", "families/nemotron-older",
        "families/exaone4-hybrid",
        "families/qwen2-window",
        "families/mistral-window", "families/ministral3-window", "families/gemma2-older",
        "families/gemma-older", "families/smollm3-window", "families/ernie4_5-older",
        "families/seed_oss-older", "families/hunyuan_v1_dense-older", "families/helium",
        "families/helium-older",
    ]

    private static let tokens: [Int32] = (0..<120).map { $0 * 7 % 300 + 3 }

    @Test(arguments: FamilyFixture.files, ["directory", "model.gguf"])
    func isReadBack(_ file: FamilyFixture.File, _ target: String) throws {
        let model = try file.model()
        let expected = try Session(model: model).score(Self.tokens)
        try withTemporaryDirectory { directory in
            let path = "\(directory)/\(target)"
            if target.hasSuffix(".gguf"), Self.onlyInDirectories.contains(file.path) {
                let error = #expect(throws: ADPOError.self) {
                    try model.export(to: path, encoding: "F32")
                }
                #expect(error?.code == .unsupported)
                return
            }
            let report = try model.export(to: path, encoding: "F32")
            #expect(report.meanDifference <= 1e-5)
            let copy = try Model(path: path)
            let family = try Family.named(model.architecture.family)
            #expect(
                copy.architecture.family
                    == (target.hasSuffix(".gguf") ? family.ggufFamily : nil) ?? family.name)
            expectClose(try Session(model: copy).score(Self.tokens), expected, absolute: 1e-4)
            // Once more, into the other kind of file.
            let other = "\(directory)/back\(target.hasSuffix(".gguf") ? "" : ".gguf")"
            if !other.hasSuffix(".gguf") || !Self.onlyInDirectories.contains(file.path) {
                try copy.export(to: other)
                let back = try Session(model: Model(path: other))
                expectClose(try back.score(Self.tokens), expected, absolute: 1e-4)
            }
        }
    }

    /// Merged weights, and the adapter itself in both formats, compute what the adapter does.
    @Test(arguments: FamilyFixture.files)
    func mergesAndSavesAdapters(_ file: FamilyFixture.File) throws {
        let model = try file.model()
        for golden in try file.fixture.adapters {
            let name = try #require(golden["adapter"]?.string)
            let adapter = try Adapter(model: model, path: Fixture.path("Fixtures/\(name)"))
            let session = try Session(model: model)
            try session.setAdapter(adapter)
            let expected = try session.score(Self.tokens)
            try withTemporaryDirectory { directory in
                try adapter.save(to: directory + "/adapter")
                try session.setAdapter(Adapter(model: model, path: directory + "/adapter"))
                expectClose(try session.score(Self.tokens), expected, absolute: 1e-5)
                try model.export(to: directory + "/merged", adapter: adapter, encoding: "F32")
                let merged = try Session(model: Model(path: directory + "/merged"))
                expectClose(try merged.score(Self.tokens), expected, absolute: 2e-4)
                let hasGGUF = try Family.named(model.architecture.family).ggufName != nil
                guard hasGGUF, !name.contains("-lora-") else { return }
                try adapter.save(to: directory + "/adapter.gguf")
                try session.setAdapter(Adapter(model: model, path: directory + "/adapter.gguf"))
                expectClose(try session.score(Self.tokens), expected, absolute: 1e-5)
            }
        }
    }
}
