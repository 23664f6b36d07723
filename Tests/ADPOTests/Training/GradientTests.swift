import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Losses and adapter gradients of one pair, against PyTorch's autograd through peft.
struct GradientTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let granularity: Granularity
        var testDescription: String { "\(name), \(granularity)" }
    }

    static let cases = [
        "llama-f32", "llama-bias", "llama-q8_0", "llama-f32-rslora", "llama-f32-partial",
        "llama-f32-dora", "llama-bias-dora", "llama-q8_0-dora",
    ].flatMap { name in
        [Granularity.response, .token, .static(3), .adaptive(2)].map {
            Case(name: name, granularity: $0)
        }
    }

    @Test(arguments: cases)
    func equalsAutograd(_ test: Case) throws {
        let file = try golden("adapter_gradients.json")
        let golden = try #require(file["cases"]?.array?.first { $0["name"]?.string == test.name })
        let model = try Model(path: Fixture.path("Fixtures/\(golden["model"]?.string ?? "")"))
        let start = try Adapter(
            model: model, path: Fixture.path("Fixtures/\(golden["adapter"]?.string ?? "")"))
        var pairs = PreferenceDataset(model: model)
        try pairs.append(
            PreferencePair(
                prompt: try #require(file["prompt"]).ids, chosen: try #require(file["chosen"]).ids,
                rejected: try #require(file["rejected"]).ids))
        var configuration = TrainerConfiguration()
        configuration.objective.granularity = test.granularity
        configuration.objective.beta = try #require(file["beta"]?.double)
        configuration.maxGradientNorm = 0
        let trainer = try Trainer(
            model: model, configuration: configuration, pairs: pairs, start: start)
        let metrics = try #require(try trainer.step())
        // With less memory for activations some layers, or all, are computed again, to the same bits.
        for budget in [0, 1 << 14, 1 << 15, 1 << 16] {
            configuration.activationMemory = budget
            let frugal = try Trainer(
                model: model, configuration: configuration, pairs: pairs, start: start)
            _ = try frugal.step()
            #expect(trainer.withGradients(Array.init) == frugal.withGradients(Array.init))
        }

        let expected = try #require(
            golden["losses"]?.array?.first { matches($0, test.granularity) })
        let loss = try #require(expected["loss"]?.double)
        expectClose([Float(metrics.loss)], [Float(loss)], absolute: 1e-5, relative: 1e-4, "loss")
        let norm = try #require(expected["gradient_norm"]?.double)
        expectClose([Float(metrics.gradientNorm)], [Float(norm)], absolute: 0, relative: 1e-3)
        try expectGradients(trainer, test, expected)
    }

    private func expectGradients(_ trainer: Trainer, _ test: Case, _ expected: JSON) throws {
        let tensors = try SafetensorsFile(
            path: Fixture.path("Golden/adapter_gradients.safetensors")
        ).tensors
        let norms = try #require(expected["gradient_norms"]?.members)
        let layout = try trainer.adapter().layout
        let values = try #require(trainer.gradients.baseAddress)
        let gradients = PEFT.tensors(values, layout, trainer.model)
        #expect(gradients.count == norms.count)
        let largest = Float(norms.compactMap(\.value.double).max() ?? 0)
        for (name, norm) in norms {
            let actual = try #require(gradients.first { $0.name == name }).values
            let actualNorm = actual.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let expectedNorm = Float(norm.double ?? .nan)
            expectClose(
                [actualNorm], [expectedNorm], absolute: 1e-5 * largest, relative: 1e-3, name)
            let key = "\(test.name)/\(expected["granularity"]?.string ?? "")/\(name)"
            guard let tensor = try tensors.tensor(key) else { continue }
            expectClose(
                actual, tensor.floats, absolute: 1e-3 * expectedNorm + 1e-5 * largest, name)
        }
    }

    private func matches(_ loss: JSON, _ granularity: Granularity) -> Bool {
        let size = loss["size"]?.integer ?? 0
        let name = loss["granularity"]?.string ?? ""
        return (size > 0 ? "\(name):\(size)" : name) == granularity.description
    }
}
