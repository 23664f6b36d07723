import ADPO
import ADPOBase
import ADPOTensor
import FoundationEssentials
import TestSupport
import Testing

/// That transformers and llama.cpp compute the same with what is written here: Tests/Parity.
struct ExportTests {
    static let models = [
        "llama-f32", "llama-bias", "llama-tied-bf16", "llama-f16-sharded", "llama-rope-linear",
        "llama-rope-llama3", "llama-f32.gguf", "llama-q4_1.gguf", "llama-rope-llama3.gguf",
        "llama-wide-q4_k.gguf",
    ]
    static let tokens: [Int32] = (0..<30).map { $0 * 7 % 320 }

    private func model(_ name: String) throws -> Model {
        try Model(path: Fixture.path("Fixtures/models/\(name)"))
    }

    private func score(_ model: Model, _ adapter: Adapter? = nil) throws -> [Float] {
        let session = try Session(model: model)
        try session.setAdapter(adapter)
        return Array(try session.score(Self.tokens).dropFirst())
    }

    /// Each model to each kind of file, in F32: the same log-probs, and the same tokenizer.
    @Test(arguments: models, ["copy", "copy.gguf"])
    func copiesAModel(_ name: String, _ target: String) throws {
        let model = try model(name)
        try withTemporaryDirectory { directory in
            let path = "\(directory)/\(target)"
            let report = try model.export(to: path, encoding: "F32")
            #expect(report.tokens > 50)
            #expect(report.maxDifference < 1e-4)
            #expect(StagingFolder.names(in: directory) == [target])
            let copy = try Model(path: path)
            expectClose(try score(copy), try score(model), absolute: 1e-4)
            #expect(copy.info.encoding == "F32")
            #expect(copy.info.parameters == model.info.parameters)
            #expect(copy.info.weightBytes == report.byteCount || name.contains("rope-llama3"))
            #expect(copy.architecture.hasTiedHead == model.architecture.hasTiedHead)
            #expect(copy.info.context == model.info.context)
            #expect(copy.endTokens == model.endTokens)
            for (ours, theirs) in [
                (copy.tokenizer.bos, model.tokenizer.bos),
                (copy.tokenizer.eos, model.tokenizer.eos),
                (copy.tokenizer.pad, model.tokenizer.pad),
                (copy.tokenizer.unknown, model.tokenizer.unknown),
            ] { #expect(ours == theirs) }
            for sample in try TokenizerGolden.samples("smollm") {
                #expect(
                    copy.tokenizer.encode(sample.text) == model.tokenizer.encode(sample.text))
            }
        }
    }

    /// Merged and exported, a model computes what it computes with the adapter.
    @Test(
        arguments: ["llama-f32", "llama-f32.gguf"],
        ["llama-f32-lora", "llama-f32-rslora", "llama-f32-dora"])
    func mergesAnAdapter(_ name: String, _ adapterName: String) throws {
        let model = try model(name)
        let adapter = try Adapter(
            model: model, path: Fixture.path("Fixtures/adapters/\(adapterName)"))
        let expected = try score(model, adapter)
        #expect(expected != (try score(model)))
        try withTemporaryDirectory { directory in
            for target in ["merged", "merged.gguf"] {
                let path = "\(directory)/\(target)"
                let report = try model.export(to: path, adapter: adapter)
                #expect(report.maxDifference < 1e-3)
                let merged = try Model(path: path)
                expectClose(try score(merged), expected, absolute: 1e-4)
                #expect(merged.info.encoding == "F32")
            }
        }
    }

    @Test(arguments: Model.exportEncodings)
    func encodes(_ encoding: String) throws {
        let model = try model("llama-wide-q6_k.gguf")
        try withTemporaryDirectory { directory in
            let path = directory + "/encoded.gguf"
            let report = try model.export(to: path, encoding: encoding)
            let file = try TensorFile.open(path: path)
            let matrix = try #require(try file.tensor("blk.0.ffn_up.weight"))
            #expect(matrix.encoding.name == encoding)
            // The embedding is the head.
            let head = try #require(try file.tensor("token_embd.weight"))
            let bits = matrix.encoding.bitsPerWeight
            #expect(head.encoding.name == (bits < 6 ? "Q6_K" : encoding))
            #expect(try file.tensor("output.weight") == nil)
            #expect(try file.tensor("blk.0.attn_norm.weight")?.encoding.name == "F32")
            let copy = try Model(path: path)
            let differences = zip(try score(copy), try score(model)).map { abs($0 - $1) }
            let mean = differences.reduce(0, +) / Float(differences.count)
            let bound: Float = bits < 4 ? 1 : bits <= 6 ? 0.5 : 0.05
            #expect(mean < bound)
            #expect(report.meanDifference < Double(bound))
        }
    }

    /// The tiny model's rows are no multiples of 256.
    @Test(arguments: [
        ("Q4_K", "Q5_0", "Q8_0"), ("Q5_K", "Q5_1", "Q8_0"), ("Q6_K", "Q8_0", "Q8_0"),
        ("Q4_0", "Q4_0", "Q8_0"), ("Q5_0", "Q5_0", "Q8_0"), ("Q3_K", "Q4_0", "Q8_0"),
        ("IQ4_XS", "IQ4_NL", "Q8_0"),
    ])
    func fallsBackWhereBlocksDoNotFit(
        _ encoding: String, _ expected: String, _ head: String
    ) throws {
        try withTemporaryDirectory { directory in
            let path = directory + "/encoded.gguf"
            try model("llama-f32").export(to: path, encoding: encoding)
            let file = try TensorFile.open(path: path)
            #expect(try file.tensor("blk.0.ffn_up.weight")?.encoding.name == expected)
            #expect(try file.tensor("output.weight")?.encoding.name == head)
        }
    }

    /// What is read only is copied, and otherwise needs another encoding.
    @Test func keepsWhatIsReadOnly() throws {
        let model = try model("llama-wide-q2_k.gguf")
        var pairs = PreferenceDataset(model: model)
        try pairs.append(PreferencePair(prompt: [1, 2], chosen: [3, 4], rejected: [5, 6]))
        let trainer = try Trainer(
            model: model, configuration: TrainerConfiguration(), pairs: pairs)
        let adapter = try trainer.adapter()
        try withTemporaryDirectory { directory in
            let path = directory + "/changed.gguf"
            let error = #expect(throws: ADPOError.self) {
                try model.export(to: path, adapter: adapter)
            }
            #expect(error?.code == .invalidArgument)
            #expect(error?.message.contains("is Q2_K, which can be read, but not written") == true)
            #expect(error?.message.contains("among F32, F16, BF16, Q8_0") == true)
            #expect(StagingFolder.names(in: directory) == [])
            try model.export(to: path, adapter: adapter, encoding: "Q3_K")
        }
    }

    /// What needs no other encoding is not encoded again.
    @Test(arguments: ["llama-wide-q4_k.gguf", "llama-wide-q2_k.gguf"])
    func copiesBlocksAsTheyAre(_ name: String) throws {
        let model = try model(name)
        try withTemporaryDirectory { directory in
            let path = directory + "/copy.gguf"
            #expect(try model.export(to: path).maxDifference == 0)
            let copy = try TensorFile.open(path: path)
            for name in copy.names {
                let ours = try #require(try copy.tensor(name))
                let theirs = try #require(try model.file.tensor(name))
                #expect(ours.encoding.name == theirs.encoding.name)
                #expect(Array(ours.bytes) == Array(theirs.bytes))
            }
        }
    }

    @Test func carriesGGUFMetadataOver() throws {
        let model = try model("llama-q8_0.gguf")
        try withTemporaryDirectory { directory in
            let path = directory + "/copy.gguf"
            try model.export(to: path, encoding: "F16")
            let ours = try GGUFFile(path: path).metadata
            let theirs = try GGUFFile(path: model.path).metadata
            #expect(ours["general.file_type"]?.integer == 1)
            try model.export(to: path)
            let copy = try GGUFFile(path: path).metadata["general.file_type"]?.integer
            #expect(copy == theirs["general.file_type"]?.integer && copy != nil)
            for pair in theirs.pairs where pair.key != "general.file_type" {
                let copy = ours.pairs.first { $0.key == pair.key }
                #expect(copy.map { Array($0.bytes) } == Array(pair.bytes), "\(pair.key)")
            }
        }
    }

    @Test func copiesTheFilesOfADirectory() throws {
        let model = try model("llama-f16-sharded")
        try withTemporaryDirectory { directory in
            let path = directory + "/copy"
            try model.export(to: path, encoding: "BF16")
            for name in ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"] {
                #expect(try readBytes("\(path)/\(name)") == readBytes("\(model.path)/\(name)"))
            }
            let configuration = try JSON(path: path + "/config.json")
            #expect(configuration["dtype"]?.string == "bfloat16")
            #expect(configuration["hidden_size"]?.integer == 64)
            #expect(
                StagingFolder.names(in: path).filter { $0.hasSuffix("safetensors") }
                    == ["model.safetensors"])
        }
    }

    @Test func givesAChatTemplateToBothKinds() throws {
        let original = String(
            decoding: try Fixture.bytes("Fixtures/models/llama-f32/chat_template.jinja"),
            as: UTF8.self)
        try withTemporaryDirectory { directory in
            let gguf = directory + "/a.gguf"
            try model("llama-f32").export(to: gguf)
            let file = try GGUFFile(path: gguf)
            #expect(file.metadata["tokenizer.chat_template"]?.string == original)
            try Model(path: gguf).export(to: directory + "/b")
            let tokenizer = try JSON(path: directory + "/b/tokenizer_config.json")
            #expect(tokenizer["chat_template"]?.string == original)
        }
    }

    /// A copy of llama-f32 in which some files are others.
    private func changed(
        _ files: [String: String], in directory: String
    ) throws -> Model {
        let source = Fixture.path("Fixtures/models/llama-f32")
        let path = directory + "/changed"
        try FileManager.default.copyItem(atPath: source, toPath: path)
        for (name, text) in files {
            try AtomicFile.write(Array(text.utf8), to: "\(path)/\(name)")
        }
        return try Model(path: path)
    }

    /// There and back, by name.
    @Test func givesAllChatTemplatesToBothKinds() throws {
        try withTemporaryDirectory { directory in
            let templates = """
                {"chat_template": [{"name": "default", "template": "A"},
                {"name": "tool_use", "template": "B"}, {"name": "rag", "template": "{{ C"}],
                "bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}
                """
            let path = directory + "/changed/chat_template.jinja"
            _ = try changed(["tokenizer_config.json": templates], in: directory)
            try FileManager.default.removeItem(atPath: path)
            let gguf = directory + "/a.gguf"
            try Model(path: directory + "/changed").export(to: gguf)
            let metadata = try GGUFFile(path: gguf).metadata
            #expect(metadata["tokenizer.chat_template"]?.string == "A")
            #expect(metadata["tokenizer.chat_template.tool_use"]?.string == "B")
            #expect(metadata["tokenizer.chat_template.rag"]?.string == "{{ C")
            let model = try Model(path: gguf)
            try model.export(to: directory + "/b")
            let texts = try Model(path: directory + "/b").chatTemplates.texts
            #expect(texts.map(\.name) == ["default", "tool_use", "rag"])
            #expect(texts.map(\.text) == ["A", "B", "{{ C"])
        }
    }

    /// Where transformers 5 writes all but the first.
    @Test func readsAndCopiesTheFolderOfChatTemplates() throws {
        try withTemporaryDirectory { directory in
            let source = try changed([:], in: directory).path
            try FileManager.default.createDirectory(
                atPath: "\(source)/additional_chat_templates", withIntermediateDirectories: false)
            try AtomicFile.write(
                Array("tools".utf8), to: "\(source)/additional_chat_templates/tool_use.jinja")
            let model = try Model(path: source)
            let conversation = #"{"messages": [{"role": "user", "content": ""}], "tools": [1]}"#
            #expect(try model.renderChat(json: conversation) == "tools")
            for target in ["copy", "copy.gguf"] {
                try model.export(to: "\(directory)/\(target)")
                let copy = try Model(path: "\(directory)/\(target)")
                #expect(copy.chatTemplates.texts.map(\.name) == ["default", "tool_use"])
                #expect(
                    copy.chatTemplates.texts.map(\.text) == model.chatTemplates.texts.map(\.text))
            }
            // What is not kept goes with its folders.
            let adapter = try overflowingAdapter(model)
            #expect(throws: ADPOError.self) {
                try model.export(to: directory + "/x", adapter: adapter, encoding: "F16")
            }
            #expect(
                StagingFolder.names(in: directory) == ["changed", "copy", "copy.gguf"])
        }
    }

    /// Files say -1, or the ids of tokens that the model does not have.
    @Test func leavesImpossibleEndTokensOut() throws {
        try withTemporaryDirectory { directory in
            let model = try changed(
                [
                    "generation_config.json": #"{"eos_token_id": [-1, 7, 320, 99999999999]}"#,
                    "tokenizer_config.json": "{}",
                ], in: directory)
            #expect(model.endTokens == [7])
            let gguf = directory + "/a.gguf"
            try model.export(to: gguf)
            #expect(try GGUFFile(path: gguf).metadata["tokenizer.ggml.eot_token_id"]?.integer == 7)
            try FileManager.default.removeItem(atPath: model.path)
            let other = try changed(
                ["generation_config.json": "{}", "tokenizer_config.json": "{}"], in: directory)
            #expect(other.endTokens == [])
            try other.export(to: directory + "/b.gguf")
            try Model(path: directory + "/b.gguf").export(to: directory + "/b")
            let generation = try JSON(path: directory + "/b/generation_config.json")
            #expect(generation["eos_token_id"] == nil)
        }
    }

    @Test func refuses() throws {
        let model = try model("llama-rope-dynamic")
        let other = try self.model("llama-f32")
        let adapter = try Adapter(
            model: other, path: Fixture.path("Fixtures/adapters/llama-f32-lora"))
        try withTemporaryDirectory { directory in
            func expectRefusal(
                _ code: ADPOError.Code, _ part: String, _ body: () throws -> Void
            ) {
                let error = #expect(throws: ADPOError.self) { try body() }
                #expect(error?.code == code, "\(String(describing: error))")
                #expect(error?.message.contains(part) == true, "\(String(describing: error))")
            }
            expectRefusal(.invalidArgument, "Q4_K") {
                try model.export(to: directory + "/x.gguf", encoding: "Q2_K")
            }
            expectRefusal(.invalidArgument, "safetensors") {
                try model.export(to: directory + "/x", encoding: "Q8_0")
            }
            expectRefusal(.unsupported, "RoPE") { try model.export(to: directory + "/x.gguf") }
            expectRefusal(.invalidArgument, "another model") {
                try model.export(to: directory + "/x", adapter: adapter)
            }
            expectRefusal(.io, "/nonexistent") { try other.export(to: "/nonexistent/x.gguf") }
            expectRefusal(.io, "/nonexistent/x") { try other.export(to: "/nonexistent/x") }
            #expect(StagingFolder.names(in: directory) == [])
            try AtomicFile.write([1], to: directory + "/file")
            expectRefusal(.io, "not empty (file is in it)") { try other.export(to: directory) }
            #expect(StagingFolder.names(in: directory) == ["file"])
        }
    }

    /// Values beyond F16's 65504, which the head's norm makes small again.
    private func overflowingAdapter(_ model: Model) throws -> Adapter {
        let layout = try AdapterLayout(
            model.architecture.parameters, rank: 1,
            weights: TargetModule.matching(["v_proj"], model.architecture.parameters))
        return try Adapter(
            model: model, layout: layout, alpha: 1, isRankStabilized: false,
            values: [Float](repeating: 400, count: layout.count))
    }

    /// Weights beyond F16 become infinite: the export is tried, and not kept.
    @Test func keepsNothingThatDiffers() throws {
        let model = try model("llama-f32")
        let adapter = try overflowingAdapter(model)
        try withTemporaryDirectory { directory in
            for target in ["merged", "merged.gguf"] {
                let path = "\(directory)/\(target)"
                let error = #expect(throws: ADPOError.self) {
                    try model.export(to: path, adapter: adapter, encoding: "F16")
                }
                #expect(error?.code == .numeric)
                #expect(error?.message.contains("read back") == true)
            }
            #expect(StagingFolder.names(in: directory) == [])
        }
    }
}
