import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Adapter files of llama.cpp. That llama.cpp computes the same with them: Tests/Parity.
struct GGUFAdapterTests {
    static let tokens: [Int32] = (0..<30).map { $0 * 7 % 320 }

    private func adapter(_ name: String, _ model: String) throws -> Adapter {
        try Adapter(
            model: Model(path: Fixture.path("Fixtures/models/\(model)")),
            path: Fixture.path("Fixtures/adapters/\(name)"))
    }

    private func score(_ adapter: Adapter) throws -> [Float] {
        let session = try Session(model: adapter.model)
        try session.setAdapter(adapter)
        return try session.score(Self.tokens)
    }

    /// What llama.cpp asks of an adapter file.
    @Test func holdsWhatLlamaCppReads() throws {
        let adapter = try adapter("llama-f32-lora", "llama-f32")
        try withTemporaryDirectory { directory in
            let path = directory + "/adapter.gguf"
            try adapter.save(to: path)
            #expect(StagingFolder.names(in: directory) == ["adapter.gguf"])
            let file = try GGUFFile(path: path)
            #expect(file.metadata["general.type"]?.string == "adapter")
            #expect(file.metadata["general.architecture"]?.string == "llama")
            #expect(file.metadata["adapter.type"]?.string == "lora")
            #expect(file.metadata["adapter.lora.alpha"]?.double == 8)
            let tensors = file.tensors
            #expect(tensors.names.count == 3 * 7 * 2)
            #expect(try tensors.tensor("blk.2.attn_k.weight.lora_a")?.shape == [4, 64])
            #expect(try tensors.tensor("blk.2.attn_k.weight.lora_b")?.shape == [32, 4])
            #expect(try tensors.tensor("blk.0.ffn_down.weight.lora_a")?.shape == [4, 96])
        }
    }

    /// llama.cpp divides by the rank, rsLoRA by its square root.
    @Test func scalesTheAlphaOfRankStabilizedAdapters() throws {
        let adapter = try adapter("llama-f32-rslora", "llama-f32")
        try withTemporaryDirectory { directory in
            let path = directory + "/adapter.gguf"
            try adapter.save(to: path)
            let alpha = try GGUFFile(path: path).metadata["adapter.lora.alpha"]?.double
            #expect(alpha == Double(adapter.alpha * Float(adapter.rank).squareRoot()))
            expectClose(
                try score(Adapter(model: adapter.model, path: path)), try score(adapter),
                absolute: 1e-5)
        }
    }

    /// Saved as GGUF from a directory and from a GGUF model, whose rows of q and k are in another
    /// order, the files are equal, and each model computes the same with them.
    @Test func permutesRowsAsTheFileNeeds() throws {
        let fromDirectory = try adapter("llama-f32-lora", "llama-f32")
        let fromGGUF = try adapter("llama-f32-lora", "llama-f32.gguf")
        try withTemporaryDirectory { directory in
            let paths = ["a", "b"].map { "\(directory)/\($0).gguf" }
            try fromDirectory.save(to: paths[0])
            try fromGGUF.save(to: paths[1])
            #expect(try readBytes(paths[0]) == readBytes(paths[1]))
            for adapter in [fromDirectory, fromGGUF] {
                let loaded = try Adapter(model: adapter.model, path: paths[0])
                #expect(try score(loaded).dropFirst() == score(adapter).dropFirst())
            }
            // And back to peft's files: values that no rounding has touched.
            try Adapter(model: fromGGUF.model, path: paths[0]).save(to: directory + "/peft")
            let original = try SafetensorsFile(
                path: Fixture.path("Fixtures/adapters/llama-f32-lora/adapter_model.safetensors")
            ).tensors
            let written = try SafetensorsFile(
                path: directory + "/peft/adapter_model.safetensors"
            ).tensors
            for name in original.names {
                #expect(try written.tensor(name)?.floats == original.tensor(name)?.floats)
            }
        }
    }

    /// llama.cpp scales each pair of matrices by alpha over its own rank.
    @Test func readsMatricesOfSeveralRanks() throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        try withTemporaryDirectory { directory in
            var writer = GGUFWriter()
            writer.set("general.type", .text("adapter"))
            writer.set("general.architecture", .text("llama"))
            writer.set("adapter.type", .text("lora"))
            writer.set("adapter.lora.alpha", .float32(6))
            let tensors = try [("attn_v", 32, 1), ("ffn_gate", 96, 3)].flatMap { name, rows, rank in
                [
                    try NewTensor(
                        name: "blk.1.\(name).weight.lora_a", shape: [rank, 64], encoding: .f32),
                    try NewTensor(
                        name: "blk.1.\(name).weight.lora_b", shape: [rows, rank], encoding: .f32),
                ]
            }
            try writer.write(tensors, to: directory + "/a.gguf") {
                (tensor, file) throws(ADPOError) in
                try file.append((0..<tensor.shape.reduce(1, *)).map { Float($0 % 7) - 3 })
            }
            let adapter = try Adapter(model: model, path: directory + "/a.gguf")
            #expect(adapter.rank == 3)
            #expect(adapter.lora.scale == 2)
            let layout = adapter.layout
            let b = try #require(layout.module("1.self_attn.v_proj", of: model)?.b)
            // Of rank 1 the scale is 6, which the layout's is a third of.
            #expect(
                (0..<9).map { adapter.lora.values[b.lowerBound + $0] }
                    == [-9, 0, 0, -6, 0, 0, -3, 0, 0])
            let a = try #require(layout.module("1.self_attn.v_proj", of: model)?.a)
            #expect(a[...].dropFirst(64).allSatisfy { adapter.lora.values[$0] == 0 })
            let gate = try #require(layout.module("1.mlp.gate_proj", of: model)?.b)
            #expect(
                (0..<4).map { adapter.lora.values[gate.lowerBound + $0] } == [-3, -2, -1, 0])
        }
    }

    /// Filled up, a file's matrices must not become very many times larger than they are.
    @Test func refusesRanksThatAreTooFarApart() throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        try withTemporaryDirectory { directory in
            var writer = GGUFWriter()
            writer.set("general.type", .text("adapter"))
            writer.set("general.architecture", .text("llama"))
            writer.set("adapter.type", .text("lora"))
            writer.set("adapter.lora.alpha", .float32(6))
            var tensors: [NewTensor] = []
            let parameters = model.architecture.parameters
            for module in TargetModule.all(parameters) {
                let rank = tensors.isEmpty ? 2000 : 1
                let parameter = parameters[module.weight]
                let (name, shape) = (parameter.gguf.name, parameter.shape)
                tensors += try [
                    NewTensor(name: name + ".lora_a", shape: [rank, shape[1]], encoding: .f32),
                    NewTensor(name: name + ".lora_b", shape: [shape[0], rank], encoding: .f32),
                ]
            }
            let path = directory + "/a.gguf"
            try writer.write(tensors, to: path) { (tensor, file) throws(ADPOError) in
                try file.append([UInt8](repeating: 0, count: tensor.byteCount))
            }
            let error = #expect(throws: ADPOError.self) { try Adapter(model: model, path: path) }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains("too far apart") == true)
        }
    }

    @Test func refusesOtherFiles() throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        func expectRefusal(_ path: String, _ code: ADPOError.Code, _ part: String) {
            let error = #expect(throws: ADPOError.self) { try Adapter(model: model, path: path) }
            #expect(error?.code == code)
            #expect(error?.message.contains(part) == true, "\(String(describing: error))")
        }
        expectRefusal("/nonexistent/a.gguf", .notFound, "a.gguf")
        expectRefusal(Fixture.path("Fixtures/models/llama-f32.gguf"), .format, "is no adapter")
        try withTemporaryDirectory { directory in
            let path = directory + "/x.gguf"
            func write(
                _ type: String, _ architecture: String, _ alpha: Float, _ tensors: [NewTensor]
            ) throws {
                var writer = GGUFWriter()
                writer.set("general.type", .text("adapter"))
                writer.set("general.architecture", .text(architecture))
                writer.set("adapter.type", .text(type))
                writer.set("adapter.lora.alpha", .float32(alpha))
                try writer.write(tensors, to: path) { (tensor, file) throws(ADPOError) in
                    try file.append([UInt8](repeating: 0, count: tensor.byteCount))
                }
            }
            let a = try NewTensor(
                name: "blk.0.attn_q.weight.lora_a", shape: [4, 64], encoding: .f32)
            try write("dora", "llama", 8, [a])
            expectRefusal(path, .unsupported, "adapter type dora")
            try write("lora", "qwen2", 8, [a])
            expectRefusal(path, .format, "made for another model")
            try write("lora", "llama", 0, [a])
            expectRefusal(path, .format, "alpha")
            try write("lora", "llama", 8, [])
            expectRefusal(path, .format, "no matrix of a layer")
            try write("lora", "llama", 8, [a])
            expectRefusal(path, .format, "lora_b\" is missing")
            let odd = try NewTensor(
                name: "token_embd.weight.lora_a", shape: [4, 64], encoding: .f32)
            try write("lora", "llama", 8, [odd])
            expectRefusal(path, .unsupported, "token_embd.weight.lora_a")
        }
    }

    /// llama.cpp has no magnitudes.
    @Test func refusesDoRA() throws {
        let adapter = try adapter("llama-f32-dora", "llama-f32")
        try withTemporaryDirectory { directory in
            let error = #expect(throws: ADPOError.self) {
                try adapter.save(to: directory + "/adapter.gguf")
            }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains("export the merged model") == true)
            #expect(StagingFolder.names(in: directory) == [])
        }
    }

    /// A matrix that is not finite is found when the file is read back; nothing is left.
    @Test func writesNothingThatDiffers() throws {
        let model = try Model(path: Fixture.path("Fixtures/models/llama-f32"))
        let layout = try AdapterLayout(
            model.architecture.parameters, rank: 2,
            weights: TargetModule.matching(["q_proj"], model.architecture.parameters))
        let values = [Float](repeating: .nan, count: layout.count)
        let adapter = try Adapter(
            model: model, layout: layout, alpha: 4, isRankStabilized: false, values: values)
        try withTemporaryDirectory { directory in
            for path in ["adapter", "adapter.gguf"] {
                let error = #expect(throws: ADPOError.self) {
                    try adapter.save(to: "\(directory)/\(path)")
                }
                #expect(error?.code == .numeric)
            }
            #expect(StagingFolder.names(in: directory) == [])
        }
    }
}
