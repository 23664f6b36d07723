import ADPO
import ADPOBase
import Testing

/// The settings that a checkpoint is compared by.
struct SettingsTests {
    /// A change of each field that a run depends on, by the field's name.
    private static let changes: [(String, @Sendable (inout TrainerConfiguration) -> Void)] = [
        ("objective.granularity", { $0.objective.granularity = .token }),
        ("objective.padding", { $0.objective.padding = .eos }),
        ("objective.loss", { $0.objective.loss = .hinge }),
        ("objective.beta", { $0.objective.beta = 1 }),
        ("objective.labelSmoothing", { $0.objective.labelSmoothing = 0.25 }),
        ("objective.reduction", { $0.objective.reduction = .mean }),
        ("objective.isReferenceFree", { $0.objective.isReferenceFree = true }),
        ("objective.targetMargin", { $0.objective.targetMargin = 0.5 }),
        ("objective.sftWeight", { $0.objective.sftWeight = 0.5 }),
        ("objective.dpopLambda", { $0.objective.dpopLambda = 0.5 }),
        ("objective.ldAlpha", { $0.objective.ldAlpha = 0.5 }),
        ("objective.usesWPO", { $0.objective.usesWPO = true }),
        ("objective.desirableWeight", { $0.objective.desirableWeight = 2 }),
        ("objective.undesirableWeight", { $0.objective.undesirableWeight = 2 }),
        ("fullFineTuning", { $0.fullFineTuning = true }),
        ("loraRank", { $0.loraRank = 8 }),
        ("loraAlpha", { $0.loraAlpha = 8 }),
        ("targetModules", { $0.targetModules = ["q_proj", "v_proj"] }),
        ("usesRSLoRA", { $0.usesRSLoRA = true }),
        ("usesDoRA", { $0.usesDoRA = true }),
        ("loraDropout", { $0.loraDropout = 0.1 }),
        ("dtype", { $0.dtype = .bf16 }),
        ("reference", { $0.reference = .start }),
        ("epochs", { $0.epochs = 2 }),
        ("batchSize", { $0.batchSize = 2 }),
        ("gradientAccumulation", { $0.gradientAccumulation = 2 }),
        ("maxLength", { $0.maxLength = 2 }),
        ("seed", { $0.seed = .max }),
        ("shuffles", { $0.shuffles = false }),
        ("learningRate", { $0.learningRate = 1 }),
        ("schedule", { $0.schedule = .cosine }),
        ("warmupSteps", { $0.warmupSteps = 1 }),
        ("maxGradientNorm", { $0.maxGradientNorm = 2 }),
        ("optimizer", { $0.optimizer = .sgd }),
        ("weightDecay", { $0.weightDecay = 0.1 }),
        ("momentum", { $0.momentum = 0.1 }),
        ("adamBeta1", { $0.adamBeta1 = 0.5 }),
        ("adamBeta2", { $0.adamBeta2 = 0.5 }),
        ("adamEpsilon", { $0.adamEpsilon = 0.5 }),
    ]
    /// These change no bit of a run.
    private static let free: Set = ["referenceCache", "activationMemory"]

    /// A field that is added belongs to one of the two lists above.
    @Test func everyFieldIsASettingOrMakesNoDifference() {
        let configuration = TrainerConfiguration()
        let own = Mirror(reflecting: configuration).children.compactMap(\.label)
        let objective = Mirror(reflecting: configuration.objective).children.compactMap(\.label)
        let fields = own.filter { $0 != "objective" } + objective.map { "objective.\($0)" }
        #expect(Set(fields) == Self.free.union(Self.changes.map(\.0)))
    }

    @Test(arguments: changes.indices)
    func eachChangesOneSetting(_ index: Int) {
        var changed = TrainerConfiguration()
        Self.changes[index].1(&changed)
        let (before, after) = (TrainerConfiguration().settings, changed.settings)
        #expect(before.map(\.key) == after.map(\.key))
        #expect(zip(before, after).count { $0.value.text != $1.value.text } == 1)
    }

    /// What a file says is compared as text, so it must read as it was written.
    @Test(arguments: changes.indices)
    func settingsAreReadAsTheyWereWritten(_ index: Int) throws {
        var changed = TrainerConfiguration()
        Self.changes[index].1(&changed)
        let text = JSON.object(changed.settings).text
        #expect(try JSON(text, source: "settings").text == text)
        #expect(Set(changed.settings.map(\.key)).count == changed.settings.count)
    }

    /// The names in files stay when a case is renamed.
    @Test func theNamesOfValuesStay() {
        #expect(
            Loss.allCases.map(\.rawValue) == [
                "sigmoid", "robust", "hinge", "ipo", "sigmoid_norm", "exo_pair", "sppo_hard",
                "apo_zero", "apo_down", "bco_pair", "nca_pair", "orpo", "kto", "sft",
            ])
        #expect(Padding.allCases.map(\.rawValue) == ["mask", "eos"])
        #expect(Reduction.allCases.map(\.rawValue) == ["sum", "mean"])
        #expect(Reference.allCases.map(\.rawValue) == ["base", "start"])
        #expect(Schedule.allCases.map(\.rawValue) == ["linear", "cosine", "constant"])
        #expect(OptimizerKind.allCases.map(\.rawValue) == ["adamw", "sgd"])
        #expect(DType.allCases.map(\.rawValue) == ["f32", "bf16", "auto"])
        let granularities: [Granularity] = [
            .response, .token, .static(8), .adaptive(4), .lines, .sentences, .delimiter("#"),
            .custom,
        ]
        #expect(
            granularities.map(\.description) == [
                "response", "token", "static:8", "adaptive:4", "lines", "sentences", "delimiter:#",
                "custom",
            ])
    }
}
