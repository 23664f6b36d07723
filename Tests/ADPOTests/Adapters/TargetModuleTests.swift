import ADPO
import ADPOBase
import TestSupport
import Testing

struct TargetModuleTests {
    private static let model = TinyRun.model  // 3 layers

    private func names(_ entries: [String]) throws -> [String] {
        let parameters = try #require(Self.model).architecture.parameters
        let weights = try TargetModule.matching(entries, parameters)
        return TargetModule.all(parameters).filter { weights.contains($0.weight) }.map {
            "\(parameters[$0.weight].layer ?? -1).\($0.projectionName)"
        }
    }

    @Test(
        arguments: [
            (["q_proj"], ["0.q_proj", "1.q_proj", "2.q_proj"]),
            (
                ["v_proj", "1.self_attn.q_proj", "v_proj"],
                ["0.v_proj", "1.q_proj", "1.v_proj", "2.v_proj"]
            ),
            (["mlp.up_proj"], ["0.up_proj", "1.up_proj", "2.up_proj"]),
            (["1.mlp.up_proj"], ["1.up_proj"]),
            (["model.layers.1.mlp.up_proj"], ["1.up_proj"]),
            (["model.layers.0.self_attn.*"], ["0.q_proj", "0.k_proj", "0.v_proj", "0.o_proj"]),
            (["*.1.*.?_proj"], ["1.q_proj", "1.k_proj", "1.v_proj", "1.o_proj"]),
            (["*0*gate*"], ["0.gate_proj"]),
            (["*layers.?.mlp.*n_proj"], ["0.down_proj", "1.down_proj", "2.down_proj"]),
            (
                ["*1.mlp.*", "model.layers.0.mlp.down_proj"],
                [
                    "0.down_proj", "1.gate_proj", "1.up_proj", "1.down_proj",
                ]
            ),
        ] as [([String], [String])])
    func matches(_ entries: [String], _ expected: [String]) throws {
        #expect(try names(entries) == expected)
    }

    @Test func allLinearIsAll() throws {
        #expect(try names(["all-linear"]).count == 21)
        #expect(try names(["*"]).count == 21)
    }

    @Test(arguments: [
        [], [""], ["lm_head"], ["proj"], ["q_proj", "x_proj"], ["layers.*"], ["*.[01].mlp.up_proj"],
        ["*."], ["?"],
        ["model.layers.3.mlp.up_proj"], ["self_attn"], [".q_proj"], ["Q_PROJ"], ["q_proj\u{301}"],
    ])
    func refusesWhatMatchesNothing(_ entries: [String]) throws {
        let error = #expect(throws: ADPOError.self) { try names(entries) }
        #expect(error?.code == .invalidArgument)
        // It says what there is.
        #expect(error?.message.contains("q_proj, k_proj, v_proj") == true)
        #expect(error?.message.contains("model.layers.2.mlp.down_proj") == true)
    }

    /// A name that is long and almost matches takes no long time.
    @Test func matchesInTimeThatGrowsWithItsLength() throws {
        let entry = String(repeating: "*a", count: 20_000) + "x"
        #expect(throws: ADPOError.self) { try names([entry]) }
    }

    private func trained(_ modules: [String], rslora: Bool = false) throws -> Adapter {
        let trainer = try TinyRun.trainer {
            $0.targetModules = modules
            $0.usesRSLoRA = rslora
            $0.learningRate = 1e-2
        }
        try trainer.run()
        return try trainer.adapter()
    }

    /// Files name modules as peft does, and what they hold is what was trained.
    @Test(
        arguments: [
            (
                ["all-linear"],
                ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
            ),
            (["q_proj", "v_proj"], ["q_proj", "v_proj"]),
            (["*.1.mlp.down_proj", "v_proj"], ["v_proj", "model.layers.1.mlp.down_proj"]),
        ] as [([String], [String])])
    func isSavedAndLoaded(_ entries: [String], _ expected: [String]) throws {
        let adapter = try trained(entries)
        let model = adapter.model
        try withTemporaryDirectory { directory in
            try adapter.save(to: directory + "/peft")
            let saved = try JSON(path: directory + "/peft/adapter_config.json")
            #expect(saved["target_modules"]?.array?.compactMap(\.string) == expected)
            try adapter.save(to: directory + "/adapter.gguf")
            let tokens: [Int32] = (0..<30).map { $0 * 7 % 320 }
            let session = try Session(model: model)
            let plain = try session.score(tokens)
            try session.setAdapter(adapter)
            let scores = try session.score(tokens)
            #expect(scores.dropFirst() != plain.dropFirst())
            for path in ["peft", "adapter.gguf"] {
                let loaded = try Adapter(model: model, path: "\(directory)/\(path)")
                #expect(loaded.layout.modules.map(\.weight) == adapter.layout.modules.map(\.weight))
                try session.setAdapter(loaded)
                #expect(try session.score(tokens).dropFirst() == scores.dropFirst())
            }
            // Going on trains the modules of the start.
            let again = try TinyRun.trainer(start: adapter)
            #expect(again.parameterCount == adapter.parameterCount)
            _ = try again.step()
        }
    }

    /// Training with rsLoRA is training with an alpha that is sqrt(rank) times larger.
    @Test func rankStabilizedScale() throws {
        func bits(_ change: (inout TrainerConfiguration) -> Void) throws -> [UInt32] {
            let trainer = try TinyRun.trainer(change)
            try trainer.run()
            return try TinyRun.bits(of: trainer)
        }
        #expect(try bits { $0.usesRSLoRA = true } == bits { $0.loraAlpha *= 2 })
        let adapter = try trained(["all-linear"], rslora: true)
        try withTemporaryDirectory { directory in
            try adapter.save(to: directory)
            let saved = try JSON(path: directory + "/adapter_config.json")
            #expect(saved["use_rslora"]?.bool == true)
            #expect(saved["lora_alpha"]?.double == 32)
            #expect(try Adapter(model: adapter.model, path: directory).lora.scale == 16)
        }
    }
}
