import ADPO
import ADPOBase
import ADPOTensor
import FoundationEssentials
import TestSupport
import Testing

struct AdapterTests {
    static let adapters = [
        "llama-f32-lora", "llama-f32-rslora", "llama-bias-lora", "llama-f32-partial",
        "llama-f32-dora", "llama-bias-dora",
    ]

    private func load(_ name: String) throws -> Adapter {
        let golden = try golden("adapters/\(name).json")
        let model = try Model(path: Fixture.path("Fixtures/\(golden["model"]?.string ?? "")"))
        return try Adapter(model: model, path: Fixture.path("Fixtures/adapters/\(name)"))
    }

    /// What peft wrote, read and written again, has peft's names, shapes and values.
    @Test(arguments: adapters)
    func savesWhatPEFTSaves(_ name: String) throws {
        let adapter = try load(name)
        let original = try SafetensorsFile(
            path: Fixture.path("Fixtures/adapters/\(name)/adapter_model.safetensors")
        ).tensors
        try withTemporaryDirectory { directory in
            try adapter.save(to: directory + "/adapter")
            let saved = try SafetensorsFile(
                path: directory + "/adapter/adapter_model.safetensors"
            ).tensors
            #expect(Set(saved.names) == Set(original.names))
            for name in original.names {
                #expect(try saved.tensor(name)?.shape == original.tensor(name)?.shape)
                #expect(try saved.tensor(name)?.floats == original.tensor(name)?.floats)
            }
            let theirs = try JSON(
                path: Fixture.path("Fixtures/adapters/\(name)/adapter_config.json"))
            let ours = try JSON(path: directory + "/adapter/adapter_config.json")
            for key in ["peft_type", "task_type", "bias"] {
                #expect(ours[key]?.string == theirs[key]?.string)
            }
            #expect(ours["r"]?.integer == theirs["r"]?.integer)
            #expect(ours["lora_alpha"]?.double == theirs["lora_alpha"]?.double)
            #expect(ours["use_rslora"]?.bool == theirs["use_rslora"]?.bool)
            #expect(ours["use_dora"]?.bool == theirs["use_dora"]?.bool)
        }
    }

    /// On a GGUF file, whose q and k rows are in another order, the adapter does the same.
    @Test(arguments: ["llama-f32-lora", "llama-f32-dora"])
    func permutesForGGUF(_ name: String) throws {
        let path = Fixture.path("Fixtures/adapters/\(name)")
        let directory = try Session(model: Model(path: Fixture.path("Fixtures/models/llama-f32")))
        try directory.setAdapter(Adapter(model: directory.model, path: path))
        let gguf = try Session(model: Model(path: Fixture.path("Fixtures/models/llama-f32.gguf")))
        let adapter = try Adapter(model: gguf.model, path: path)
        try gguf.setAdapter(adapter)
        let tokens: [Int32] = (0..<30).map { $0 * 7 % 320 }
        let expected = try directory.score(tokens)
        expectClose(try gguf.score(tokens), expected, absolute: 1e-4)
        // And back: saved from the GGUF model, it is the file it came from.
        try withTemporaryDirectory { temporary in
            try adapter.save(to: temporary)
            let again = try Adapter(model: directory.model, path: temporary)
            try directory.setAdapter(again)
            #expect(try directory.score(tokens).dropFirst() == expected.dropFirst())
        }
    }

    @Test func belongsToItsModel() throws {
        let adapter = try load("llama-f32-lora")
        let other = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        let session = try Session(model: other)
        let error = #expect(throws: ADPOError.self) { try session.setAdapter(adapter) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func refusesAnAdapterOfAnotherModel() throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        let error = #expect(throws: ADPOError.self) {
            try Adapter(model: model, path: Fixture.path("Fixtures/adapters/llama-bias-lora"))
        }
        #expect(error?.code == .format)
        #expect(error?.message.contains("made for another model") == true)
    }

    /// Matrices of several ranks and scales become matrices of the highest rank and one scale.
    @Test(arguments: ["peft", "adapter.gguf"])
    func givesAllMatricesOneRank(_ target: String) throws {
        let adapter = try load("llama-f32-patterns")
        #expect(adapter.rank == 6)
        let tokens: [Int32] = (0..<30).map { $0 * 7 % 320 }
        let session = try Session(model: adapter.model)
        try session.setAdapter(adapter)
        let expected = try session.score(tokens).dropFirst()
        try withTemporaryDirectory { directory in
            try adapter.save(to: "\(directory)/\(target)")
            let saved = try Adapter(model: adapter.model, path: "\(directory)/\(target)")
            try session.setAdapter(saved)
            expectClose(
                Array(try session.score(tokens).dropFirst()), Array(expected), absolute: 1e-5)
        }
    }

    /// Of a trained adapter; one that is loaded keeps what its file says.
    @Test func savesTheDropout() throws {
        let trainer = try TinyRun.trainer { $0.loraDropout = 0.25 }
        let adapter = try trainer.adapter()
        try withTemporaryDirectory { directory in
            try adapter.save(to: directory + "/a")
            try Adapter(model: adapter.model, path: directory + "/a").save(to: directory + "/b")
            for name in ["a", "b"] {
                let saved = try JSON(path: "\(directory)/\(name)/adapter_config.json")
                #expect(saved["lora_dropout"]?.double == 0.25)
            }
        }
    }

    @Test(arguments: [
        (#""r": 4"#, #""r": 0"#, ADPOError.Code.format),
        (#""r": 4"#, #""r": 99999999999"#, .format),
        (#""r": 4"#, #""r": 5"#, .format),
        (#""peft_type": "LORA""#, #""peft_type": "IA3""#, .unsupported),
        (#""use_dora": false"#, #""use_dora": true"#, .format),
        (#""use_qalora": false"#, #""use_qalora": true"#, .unsupported),
        (#""rank_pattern": {}"#, #""rank_pattern": {"q_proj": 8}"#, .format),
        (#""rank_pattern": {}"#, #""rank_pattern": {"q_proj": 4.5}"#, .format),
        (#""rank_pattern": {}"#, #""rank_pattern": {"[qk]_proj": 4}"#, .unsupported),
        (#""alpha_pattern": {}"#, #""alpha_pattern": {"q_proj": "x"}"#, .format),
        (#""init_lora_weights": true"#, #""init_lora_weights": "pissa_niter_4""#, .unsupported),
        (#""layer_replication": null"#, #""layer_replication": [[0, 2], [1, 3]]"#, .unsupported),
        (
            #""alora_invocation_tokens": null"#, #""alora_invocation_tokens": [1, 2]"#,
            .unsupported
        ),
        (#""lora_alpha": 8"#, #""lora_alpha": "x""#, .format),
        (#""lora_alpha": 8"#, #""lora_alpha": 1e308"#, .format),
        (#""lora_alpha": 8"#, #""lora_alpha": 1e-320"#, .format),
        (#""alpha_pattern": {}"#, #""alpha_pattern": {"q_proj": 1e308}"#, .format),
        (#""alpha_pattern": {}"#, #""alpha_pattern": [8]"#, .format),
    ])
    func refusesAConfiguration(_ old: String, _ new: String, _ code: ADPOError.Code) throws {
        let source = Fixture.path("Fixtures/adapters/llama-f32-lora")
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        try withTemporaryDirectory { directory in
            let text = String(
                decoding: try readBytes(source + "/adapter_config.json"), as: UTF8.self)
            let changed = text.replacing(old, with: new)
            #expect(changed != text)
            try AtomicFile.write(Array(changed.utf8), to: directory + "/adapter_config.json")
            try AtomicFile.write(
                readBytes(source + "/adapter_model.safetensors"),
                to: directory + "/adapter_model.safetensors")
            let error = #expect(throws: ADPOError.self) {
                try Adapter(model: model, path: directory)
            }
            #expect(error?.code == code, "\(String(describing: error))")
        }
    }

    /// Time grows with the length of such lists, not with its square.
    @Test(arguments: ["target_modules", "rank_pattern", "alpha_pattern"])
    func readsLongLists(_ key: String) throws {
        let source = Fixture.path("Fixtures/adapters/llama-f32-lora")
        let adapter = try load("llama-f32-lora")
        let names = (0..<200_000).map { "x\($0)" }
        let list =
            key == "target_modules"
            ? JSON.array(names.map(JSON.string))
            : .object(names.map { (key: $0, value: .integer(1)) })
        let configuration = try JSON(path: source + "/adapter_config.json")
        let members = (configuration.members ?? []).map {
            ($0.key, $0.key == key ? list : $0.value)
        }
        try withTemporaryDirectory { directory in
            try AtomicFile.write(
                Array(JSON.object(members).text.utf8), to: directory + "/adapter_config.json")
            try AtomicFile.write(
                readBytes(source + "/adapter_model.safetensors"),
                to: directory + "/adapter_model.safetensors")
            let read = try Adapter(model: adapter.model, path: directory)
            #expect((read.rank, read.alpha) == (adapter.rank, adapter.alpha))
        }
    }
}
