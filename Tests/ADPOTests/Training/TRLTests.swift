import ADPO
import ADPOBase
import TestSupport
import Testing

/// Whole training steps, against TRL's DPOTrainer from the same adapter file or of all weights.
struct TRLTests {
    @Test(arguments: [
        "plain", "accumulated", "truncated", "window", "sgd", "reference", "rslora", "partial",
        "dora", "full-tied", "full-sgd",
    ])
    func equalsDPOTrainer(_ name: String) throws {
        let file = try golden("trl_dpo.json")
        let run = try #require(file["runs"]?.array?.first { $0["name"]?.string == name })
        let model = try Model(path: Fixture.path("Fixtures/models/\(run["model"]?.string ?? "")"))
        let isFull = run["full"]?.bool == true
        let adapter = Fixture.path("Fixtures/adapters/\(run["start"]?.string ?? "")")
        let start = try isFull ? nil : Adapter(model: model, path: adapter)
        var pairs = PreferenceDataset(model: model)
        try pairs.append(jsonLines: Fixture.path("Fixtures/\(file["data"]?.string ?? "")"))

        var configuration = TrainerConfiguration()
        configuration.fullFineTuning = isFull
        configuration.objective.beta = try #require(run["beta"]?.double)
        configuration.batchSize = try #require(run["batch_size"]?.integer)
        configuration.gradientAccumulation = try #require(run["accumulation"]?.integer)
        configuration.reference = try #require(
            Reference(rawValue: run["reference"]?.string ?? ""))
        configuration.epochs = try #require(run["epochs"]?.integer)
        configuration.maxLength = try #require(run["max_length"]?.integer)
        configuration.warmupSteps = try #require(run["warmup_steps"]?.double)
        configuration.learningRate = try #require(run["learning_rate"]?.double)
        configuration.schedule = try #require(
            Schedule(rawValue: run["schedule"]?.string ?? ""))
        configuration.optimizer = try #require(
            OptimizerKind(rawValue: run["optimizer"]?.string ?? ""))
        configuration.momentum = try #require(run["momentum"]?.double)
        configuration.weightDecay = try #require(run["weight_decay"]?.double)
        configuration.shuffles = false
        let kept = pairs.truncated(maxLength: configuration.maxLength).indices
        let expected = try #require(run["pairs"]?.array).map { pair in
            try ["prompt", "chosen", "rejected"].map { name in
                try #require(pair[name]?.array).compactMap { $0.integer.map(Int32.init) }
            }
        }
        let found = kept.map { index in
            let pair = pairs.pairs[index]
            return [pair.prompt, pair.chosen, pair.rejected]
        }
        #expect(found == expected)
        let trainer = try Trainer(
            model: model, configuration: configuration, pairs: pairs, start: start)

        var evaluations = RunConfiguration()
        evaluations.evaluationSteps = try #require(run["evaluation_steps"]?.integer)
        if evaluations.evaluationSteps > 0 { evaluations.evaluation = pairs }
        var seen: [Metrics] = []
        try trainer.run(evaluations) {
            seen.append($0)
            return true
        }
        try compare(seen.filter { !$0.isEvaluation }, with: run["steps"])
        try compare(seen.filter(\.isEvaluation), with: run["evaluations"], prefix: "eval_")
        #expect(try trainer.step() == nil)
        try expectNorms(of: trainer, equal: #require(run["final_norms"]?.members))
    }

    private func compare(
        _ seen: [Metrics], with golden: JSON?, prefix: String = ""
    ) throws {
        let entries = try #require(golden?.array)
        try #require(entries.count == seen.count)
        for (metrics, expected) in zip(seen, entries) {
            expectMetrics(metrics, equal: expected, prefix: prefix)
        }
    }
}
