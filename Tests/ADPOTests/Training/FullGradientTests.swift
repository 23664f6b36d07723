import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Losses and the gradients of all weights in two updates, against PyTorch's autograd.
struct FullGradientTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let model: String
        let granularity: Granularity
        var testDescription: String { "\(model), \(granularity)" }
    }

    /// A head of its own, a tied one in BF16, biases.
    static let cases = ["llama-f32", "llama-tied-bf16", "llama-bias"].flatMap { model in
        [Granularity.response, .token, .static(3), .adaptive(2)].map {
            Case(model: model, granularity: $0)
        }
    }

    @Test(arguments: cases)
    func equalsAutograd(_ test: Case) throws {
        let file = try golden("full_gradients.json")
        let golden = try #require(
            file["cases"]?.array?.first {
                $0["name"]?.string == test.model && matches($0, test.granularity)
            })
        let trainer = try trainer(test, file)
        let frugal = try self.trainer(test, file) { $0.activationMemory = 0 }
        for expected in try #require(golden["steps"]?.array) {
            let metrics = try #require(try trainer.step())
            let loss = try #require(expected["loss"]?.double)
            expectClose([Float(metrics.loss)], [Float(loss)], absolute: 1e-5, relative: 1e-4)
            let norm = try #require(expected["gradient_norm"]?.double)
            expectClose([Float(metrics.gradientNorm)], [Float(norm)], absolute: 0, relative: 1e-3)
            try expectNorms(trainer, try #require(expected["gradient_norms"]?.members))
            // Layers that are computed again give the same bits.
            _ = try frugal.step()
            #expect(trainer.withGradients(Array.init) == frugal.withGradients(Array.init))
        }
        if test.granularity == .token { try expectSamples(trainer, test, file) }
    }

    /// The rows of queries and keys lie otherwise in a GGUF file, which changes nothing.
    @Test(arguments: ["llama-f32.gguf", "llama-f16.gguf"])
    func aGGUFFileTrainsAlike(_ name: String) throws {
        let file = try golden("full_gradients.json")
        let other = try trainer(Case(model: name, granularity: .token), file)
        let one = try trainer(Case(model: "llama-f32", granularity: .token), file)
        let tolerance: Float = name.contains("f16") ? 1e-2 : 1e-4
        for _ in 0..<2 {
            let (theirs, ours) = (try #require(try other.step()), try #require(try one.step()))
            expectClose(
                [Float(theirs.loss), Float(theirs.gradientNorm)],
                [Float(ours.loss), Float(ours.gradientNorm)], absolute: 0, relative: tolerance)
        }
    }

    private func trainer(
        _ test: Case, _ file: JSON, _ change: (inout TrainerConfiguration) -> Void = { _ in }
    ) throws -> Trainer {
        let model = try Model(path: Fixture.path("Fixtures/models/\(test.model)"))
        var pairs = PreferenceDataset(model: model)
        try pairs.append(
            PreferencePair(
                prompt: try #require(file["prompt"]).ids, chosen: try #require(file["chosen"]).ids,
                rejected: try #require(file["rejected"]).ids))
        var configuration = TrainerConfiguration()
        configuration.fullFineTuning = true
        configuration.objective.granularity = test.granularity
        configuration.objective.beta = try #require(file["beta"]?.double)
        configuration.learningRate = try #require(file["learning_rate"]?.double)
        configuration.schedule = .constant
        configuration.optimizer = .sgd
        configuration.epochs = 2
        configuration.maxGradientNorm = 0
        change(&configuration)
        return try Trainer(model: model, configuration: configuration, pairs: pairs)
    }

    /// The gradients by the weights' names.
    private func gradients(_ trainer: Trainer) throws -> [String: [Float]] {
        let floats = try SharedFloats(zeros: trainer.parameterCount)
        let weights = Weights(copying: trainer.model.weights, into: floats)
        _ = floats.mutableElements.update(fromContentsOf: trainer.gradients)
        return weights.values(trainer.model.file.kind.fileKind)
    }

    private func expectNorms(_ trainer: Trainer, _ norms: [(key: String, value: JSON)]) throws {
        let gradients = try gradients(trainer)
        let largest = Float(norms.compactMap(\.value.double).max() ?? 0)
        for (name, norm) in norms {
            let gradient = try #require(gradients[name])
            let actual = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            expectClose(
                [actual], [Float(norm.double ?? .nan)], absolute: 1e-5 * largest, relative: 1e-3,
                name)
        }
        // Nothing else is trained.
        #expect(gradients.values.reduce(0) { $0 + $1.count } == trainer.parameterCount)
        #expect(gradients.count == norms.count)
    }

    private func expectSamples(_ trainer: Trainer, _ test: Case, _ file: JSON) throws {
        let tensors = try SafetensorsFile(
            path: Fixture.path("Golden/full_gradients.safetensors")
        ).tensors
        let sample = try #require(file["sample"]?.integer)
        for (name, gradient) in try gradients(trainer) {
            let expected = try #require(try tensors.tensor("\(test.model)/\(name)")).floats
            let largest = gradient.map(abs).max() ?? 0
            expectClose(
                stride(from: 0, to: gradient.count, by: sample).map { gradient[$0] }, expected,
                absolute: 1e-3 * largest, name)
        }
    }

    private func matches(_ loss: JSON, _ granularity: Granularity) -> Bool {
        let size = loss["size"]?.integer ?? 0
        let name = loss["granularity"]?.string ?? ""
        return (size > 0 ? "\(name):\(size)" : name) == granularity.description
    }
}
