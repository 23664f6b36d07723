import ADPO
import ADPOTensor
import TestSupport
import Testing

/// Whole runs of every loss, against TRL's trainers.
struct TRLObjectiveTests {
    private static let file = try? golden("trl_objectives.json")

    @Test(arguments: 0..<15)
    func equalsTRL(_ index: Int) throws {
        let file = try #require(Self.file)
        let runs = try #require(file["runs"]?.array)
        #expect(runs.count == 15)
        let run = runs[index]
        let model = try Model(path: Fixture.path("Fixtures/\(file["model"]?.string ?? "")"))
        let start = try Adapter(
            model: model, path: Fixture.path("Fixtures/adapters/\(file["start"]?.string ?? "")"))
        var configuration = TrainerConfiguration()
        configuration.objective = try Objective(#require(run["objective"]))
        configuration.batchSize = try #require(run["batch_size"]?.integer)
        configuration.epochs = try #require(run["epochs"]?.integer)
        configuration.learningRate = try #require(file["learning_rate"]?.double)
        configuration.shuffles = false
        let loss = configuration.objective.loss
        let trainer = try Trainer(
            model: model, configuration: configuration,
            pairs: loss == .kto ? rows(model) : pairs(model), start: start)

        let steps = try #require(run["steps"]?.array)
        #expect(trainer.steps == steps.count)
        for expected in steps {
            let metrics = try #require(try trainer.step())
            expectMetrics(
                metrics, equal: expected,
                // TRL weighs these too.
                ignoring: configuration.objective.ldAlpha < 1
                    ? ["logps/chosen", "logps/rejected"] : [],
                "\(loss)")
        }
        let adapter = try trainer.adapter()
        let matrices = withExtendedLifetime(adapter) {
            PEFT.tensors(adapter.lora.values, adapter.layout, model.architecture)
        }
        for (name, norm) in try #require(run["final_norms"]?.members) {
            let matrix = try #require(matrices.first { $0.name == name }).values
            let actual = matrix.reduce(0) { $0 + $1 * $1 }.squareRoot()
            expectClose(
                [actual], [Float(norm.double ?? .nan)], absolute: 1e-5, relative: 1e-3, name)
        }
    }

    private func pairs(_ model: Model) throws -> PreferenceDataset {
        var pairs = PreferenceDataset(model: model)
        try pairs.append(jsonLines: Fixture.path("Fixtures/pairs.jsonl"))
        return pairs
    }

    /// Each pair as two unpaired rows.
    private func rows(_ model: Model) throws -> PreferenceDataset {
        var rows = PreferenceDataset(model: model)
        let text = String(decoding: try Fixture.bytes("Fixtures/pairs.jsonl"), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let pair = try JSON(String(line), source: "pairs.jsonl")
            let prompt = try #require(pair["prompt"]?.string)
            for (key, isDesirable) in [("chosen", true), ("rejected", false)] {
                try rows.append(
                    TextPair(
                        prompt: prompt, completion: #require(pair[key]?.string),
                        isDesirable: isDesirable))
            }
        }
        return rows
    }
}
