import ADPO
import ADPOBase
import TestSupport
import Testing

/// Whole runs of every loss, against TRL's trainers.
struct TRLObjectiveTests {
    private static let file = try? golden("trl_objectives.json")

    @Test(arguments: 0..<26)
    func equalsTRL(_ index: Int) throws {
        let file = try #require(Self.file)
        let runs = try #require(file["runs"]?.array)
        #expect(runs.count == 26)
        let run = runs[index]
        let isFull = run["full"]?.bool == true
        let model = try Model(path: Fixture.path("Fixtures/\(file["model"]?.string ?? "")"))
        let adapter = Fixture.path("Fixtures/adapters/\(file["start"]?.string ?? "")")
        let start = try isFull ? nil : Adapter(model: model, path: adapter)
        var configuration = TrainerConfiguration()
        configuration.fullFineTuning = isFull
        configuration.objective = try Objective(#require(run["objective"]))
        configuration.batchSize = try #require(run["batch_size"]?.integer)
        configuration.epochs = try #require(run["epochs"]?.integer)
        configuration.learningRate = try #require(run["learning_rate"]?.double)
        configuration.shuffles = false
        let trainer = try Trainer(
            model: model, configuration: configuration,
            pairs: rows(
                model, unpaired: run["trainer"]?.string == "kto", prompt: run["prompt"]?.string),
            start: start)

        let steps = try #require(run["steps"]?.array)
        #expect(steps.count == 20)
        #expect(trainer.steps == steps.count)
        let without = try #require(run["without"]?.array).compactMap(\.string)
        for expected in steps {
            let metrics = try #require(try trainer.step())
            expectMetrics(
                metrics, equal: expected, ignoring: without, "\(configuration.objective.loss)")
        }
        try expectNorms(of: trainer, equal: #require(run["final_norms"]?.members))
    }

    /// The pairs, or each as two unpaired rows; with another prompt if one is given.
    private func rows(
        _ model: Model, unpaired: Bool, prompt: String?
    ) throws -> PreferenceDataset {
        var rows = PreferenceDataset(model: model)
        let text = String(decoding: try Fixture.bytes("Fixtures/pairs.jsonl"), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let pair = try JSON(String(line), source: "pairs.jsonl")
            let prompt = try #require(prompt ?? pair["prompt"]?.string)
            let chosen = try #require(pair["chosen"]?.string)
            let rejected = try #require(pair["rejected"]?.string)
            if unpaired {
                try rows.append(TextPair(prompt: prompt, completion: chosen, isDesirable: true))
                try rows.append(TextPair(prompt: prompt, completion: rejected, isDesirable: false))
            } else {
                try rows.append(TextPair(prompt: prompt, chosen: chosen, rejected: rejected))
            }
        }
        return rows
    }
}
