import ADPO
import ADPOBase
import ADPOTensor
import FoundationEssentials
import TestSupport
import Testing

/// Every family, from both kinds of files: scored, generated, tuned, exported.
struct FamilyTests {
    /// A family whose numbers nobody compares is not supported.
    @Test(arguments: Family.all.map(\.name))
    func hasGoldensOfBothKinds(_ family: String) throws {
        // The tiny llamas have goldens of their own.
        let files = try FamilyFixture.files.filter { try $0.model().architecture.family == family }
        #expect(files.contains { !$0.path.hasSuffix(".gguf") })
        // What llama.cpp has no architecture for, or none of its own, is never read as this family.
        let described = try Family.named(family)
        let hasOwnGGUF = described.ggufName != nil && described.ggufFamily == nil
        #expect(files.contains { $0.path.hasSuffix(".gguf") } == hasOwnGGUF)
    }

    @Test(arguments: FamilyFixture.files)
    func scoresAsTransformers(_ file: FamilyFixture.File) throws {
        let session = try Session(model: file.model())
        try expectScores(session, try #require(file.fixture.golden["sequences"]?.array), file)
    }

    /// The text part of a multimodal model scores as the text model that it was made of.
    @Test(arguments: ["gemma3", "ministral3"])
    func readsTheTextPart(_ name: String) throws {
        let file = try #require(
            FamilyFixture.files.first { $0.path == "families/\(name)" })
        let model = try Model(path: Fixture.path("Fixtures/families/\(name)-multimodal"))
        #expect(try model.architecture.family == file.model().architecture.family)
        let sequences = try #require(file.fixture.golden["sequences"]?.array)
        try expectScores(Session(model: model), sequences, file)
    }

    private func expectScores(
        _ session: Session, _ sequences: [JSON], _ file: FamilyFixture.File
    ) throws {
        #expect(!sequences.isEmpty)
        for sequence in sequences {
            let tokens = try #require(sequence["tokens"]).ids
            let expected = try #require(sequence["logprobs"]).floats
            expectClose(try session.score(tokens), expected, absolute: 2e-4, file.path)
            let logits = try session.logits(tokens)
            let last = Array(logits.suffix(session.model.info.vocabulary))
            expectClose(
                last, try #require(sequence["logits"]).floats, absolute: 2e-4, file.path)
        }
    }

    /// What generation says of each token is what scoring says, for 128 tokens and more: past every
    /// window, and where LongRoPE changes.
    @Test(arguments: FamilyFixture.files)
    func generatesWhatItScores(_ file: FamilyFixture.File) throws {
        let session = try Session(model: file.model())
        let prompt: [Int32] = [5, 6, 7]
        var longest: [GeneratedToken] = []
        for seed in 0..<40 where longest.count < 160 {
            var configuration = GenerationConfiguration()
            configuration.maxTokens = 160
            configuration.temperature = 1
            configuration.seed = UInt64(seed)
            let generated = try session.generate(prompt: prompt, configuration)
            if generated.count > longest.count { longest = generated }
        }
        #expect(longest.count >= 128)
        let tokens = prompt + longest.map(\.id)
        // Texts of other lengths are rotated otherwise: each token is compared where it came.
        for end in [40, 64, 65, 66, 80, tokens.count] {
            let scores = try session.score(Array(tokens[..<end]))
            let variant = session.model.architecture.rotaries.map { $0.variant(length: end) }
            for index in prompt.count..<end {
                let then = session.model.architecture.rotaries.map { $0.variant(length: index) }
                guard then == variant else { continue }
                expectClose(
                    [longest[index - prompt.count].logProb], [scores[index]], absolute: 2e-4,
                    "\(file.path), token \(index) of \(end)")
            }
        }
    }

    /// Adapters that peft made: log-probs with them, and the gradients of their matrices.
    @Test(arguments: FamilyFixture.files)
    func adaptsAsPEFT(_ file: FamilyFixture.File) throws {
        let (golden, model) = (try file.fixture.golden, try file.model())
        for adapterGolden in try file.fixture.adapters {
            let name = try #require(adapterGolden["adapter"]?.string)
            let adapter = try Adapter(model: model, path: Fixture.path("Fixtures/\(name)"))
            let session = try Session(model: model)
            try session.setAdapter(adapter)
            try expectScores(session, try #require(adapterGolden["sequences"]?.array), file)
            // An adapter in an older form has no gradients of its own.
            for expected in adapterGolden["losses"]?.array ?? [] {
                try expectGradients(adapter, name, expected, golden, file)
            }
        }
    }

    private func expectGradients(
        _ start: Adapter, _ adapter: String, _ expected: JSON, _ golden: JSON,
        _ file: FamilyFixture.File
    ) throws {
        let trainer = try trainer(start.model, expected, golden, start: start)
        let metrics = try #require(try trainer.step())
        let loss = try #require(expected["loss"]?.double)
        expectClose([Float(metrics.loss)], [Float(loss)], absolute: 1e-5, relative: 1e-4, "loss")
        // With no activations kept, all is computed again, to the same bits.
        let frugal = try self.trainer(start.model, expected, golden, start: start) {
            $0.activationMemory = 0
        }
        _ = try frugal.step()
        #expect(trainer.withGradients(Array.init) == frugal.withGradients(Array.init))

        let values = try #require(trainer.gradients.baseAddress)
        let gradients = ExpertGradients.stacked(
            PEFT.tensors(values, start.layout, start.model), of: start)
        let norms = try #require(expected["gradient_norms"]?.members)
        #expect(gradients.count == norms.count)
        let norm = try #require(expected["gradient_norm"]?.double)
        let all = gradients.values.joined().reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        expectClose([Float(all)], [Float(norm)], absolute: 0, relative: 1e-3, "norm")
        let tensors = try file.fixture.tensors
        let folder = adapter.split(separator: "/").last ?? ""
        for (name, norm) in norms {
            let actual = try #require(gradients[name], "\(name)")
            let expectedNorm = Float(norm.double ?? .nan)
            expectNorm(actual, expectedNorm, norms, name)
            let key = "\(folder)/\(expected["granularity"]?.string ?? "")/\(name)"
            guard let tensor = try tensors.tensor(key) else { continue }
            expectClose(
                actual, tensor.floats, absolute: 1e-3 * expectedNorm + 1e-5 * largest(norms), name)
        }
    }

    /// Two updates of all weights by SGD: losses and the gradient of every weight.
    @Test(arguments: FamilyFixture.files)
    func trainsAllWeightsAsPyTorch(_ file: FamilyFixture.File) throws {
        let (golden, model) = (try file.fixture.golden, try file.model())
        for expected in try #require(golden["full"]?.array) {
            let trainer = try trainer(model, expected, golden) {
                $0.fullFineTuning = true
                $0.learningRate = golden["learning_rate"]?.double ?? .nan
                $0.schedule = .constant
                $0.optimizer = .sgd
                $0.epochs = 2
            }
            for step in try #require(expected["steps"]?.array) {
                let metrics = try #require(try trainer.step())
                try expectMetrics(metrics, step)
                let gradients = try gradients(trainer)
                let norms = try #require(step["gradient_norms"]?.members)
                #expect(gradients.count == norms.count)
                for (name, norm) in norms {
                    let gradient = try #require(gradients[name], "\(name)")
                    expectNorm(gradient, Float(norm.double ?? .nan), norms, name)
                }
            }
            if expected["granularity"]?.string == "token" {
                try expectSamples(try gradients(trainer), file)
            }
        }
    }

    private func expectSamples(
        _ gradients: [String: [Float]], _ file: FamilyFixture.File
    ) throws {
        let tensors = try file.fixture.tensors
        let sample = try #require(file.fixture.golden["sample"]?.integer)
        for (name, gradient) in gradients {
            let expected = try #require(try tensors.tensor("full/\(name)"), "\(name)").floats
            expectClose(
                stride(from: 0, to: gradient.count, by: sample).map { gradient[$0] }, expected,
                absolute: 1e-3 * (gradient.map(abs).max() ?? 0), name)
        }
    }

    /// The gradients by the names that transformers gives parameters.
    private func gradients(_ trainer: Trainer) throws -> [String: [Float]] {
        let model = trainer.model
        let floats = try SharedFloats(zeros: trainer.parameterCount)
        let weights = Weights(copying: model.weights, into: floats)
        _ = floats.mutableElements.update(fromContentsOf: trainer.gradients)
        return weights.values(.huggingFace, of: model.file.kind.fileKind) { parameter in
            // transformers has the experts of a layer in two tensors.
            if parameter.expert != nil, let newer = parameter.newerModule { return newer }
            let module = (parameter.newerModule ?? parameter.module)
                .replacing("embed_out", with: "lm_head")
            return "\(module).\(parameter.role == .bias ? "bias" : "weight")"
        }
    }

    // MARK: Parts

    private func trainer(
        _ model: Model, _ expected: JSON, _ golden: JSON, start: Adapter? = nil,
        _ change: (inout TrainerConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        var pairs = PreferenceDataset(model: model)
        try pairs.append(
            PreferencePair(
                prompt: try #require(golden["prompt"]).ids,
                chosen: try #require(golden["chosen"]).ids,
                rejected: try #require(golden["rejected"]).ids))
        var configuration = TrainerConfiguration()
        let (name, size) = (expected["granularity"]?.string ?? "", expected["size"]?.integer ?? 0)
        configuration.objective.granularity = try Granularity(size > 0 ? "\(name):\(size)" : name)
        configuration.objective.beta = try #require(golden["beta"]?.double)
        configuration.maxGradientNorm = 0
        change(&configuration)
        return try Trainer(model: model, configuration: configuration, pairs: pairs, start: start)
    }

    private func expectMetrics(_ metrics: Metrics, _ expected: JSON) throws {
        let loss = try #require(expected["loss"]?.double)
        expectClose([Float(metrics.loss)], [Float(loss)], absolute: 1e-5, relative: 1e-4, "loss")
        let norm = try #require(expected["gradient_norm"]?.double)
        expectClose(
            [Float(metrics.gradientNorm)], [Float(norm)], absolute: 0, relative: 1e-3, "norm")
    }

    private func expectNorm(
        _ gradient: [Float], _ norm: Float, _ norms: [(key: String, value: JSON)], _ name: String
    ) {
        let actual = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
        expectClose([actual], [norm], absolute: 1e-5 * largest(norms), relative: 1e-3, name)
    }

    private func largest(_ norms: [(key: String, value: JSON)]) -> Float {
        Float(norms.compactMap(\.value.double).max() ?? 0)
    }
}
