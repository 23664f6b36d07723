import ADPOBase
import ADPOTensor

/// All of a run that its next updates depend on, in one file.
extension Trainer {
    private static let kind = "adpo-checkpoint"

    /// Writes the run as it is, whole or not at all. A trainer that is made alike and restores it
    /// goes on to the same bits.
    ///
    /// - Throws: `.io`.
    public func save(to path: String) throws(ADPOError) {
        var tensors: [StateFile.Tensor] = [("parameters", parameters.span)]
        tensors += optimizer.state.map { ("optimizer.\($0.name)", UnsafeBufferPointer($0.values)) }
        if !window.isEmpty { tensors.append(("gradients", gradientBuffer.span)) }
        let facts: JSON = .object([
            ("settings", .object(settings.map { ($0.name, .string($0.value)) })),
            ("steps", .integer(stepsDone)),
            ("tokens", .integer(tokensSeen)),
            ("learning_rate", .double(learningRate)),
            ("has_moved", .bool(hasMoved)),
            ("optimizer_steps", .integer(optimizer.steps)),
            ("window", .array(window.map(\.json))),
            ("trend", trend.json),
            ("evaluations", evaluations?.json ?? .null),
        ])
        try (evaluations?.bestParameters ?? []).withUnsafeBufferPointer {
            (best) throws(ADPOError) in
            if !best.isEmpty { tensors.append(("best", best)) }
            try StateFile.write(kind: Self.kind, facts: facts, tensors: tensors, to: path)
        }
        lastSaved = (path, stepsDone)
    }

    /// Goes on where a run was saved.
    ///
    /// - Throws: `.invalidArgument` for a run of another configuration, model, start or data, and
    ///   the message names what differs; `.notFound`, `.io`; `.format` for a file that is damaged
    ///   or something else. The trainer is then as it was.
    public func restore(from path: String) throws(ADPOError) {
        let file = try StateFile(kind: Self.kind, path: path)
        try checkSettings(file.facts["settings"], path)
        func failure(_ part: String) -> ADPOError {
            ADPOError(.format, "\(path) is of another version: it lacks its \(part); remove it")
        }
        func tensor(_ name: String, _ count: Int) throws(ADPOError) -> TensorView {
            guard let tensor = file.tensor(name, count: count) else { throw failure(name) }
            return tensor
        }
        let facts = file.facts
        guard let stepsDone = facts["steps"]?.integer, (0...steps).contains(stepsDone),
            let tokensSeen = facts["tokens"]?.integer, (0...Metrics.maximum).contains(tokensSeen),
            let learningRate = facts["learning_rate"]?.double,
            (try? checkLearningRate(learningRate)) != nil,
            let hasMoved = facts["has_moved"]?.bool,
            let optimizerSteps = facts["optimizer_steps"]?.integer, optimizerSteps >= 0,
            optimizerSteps <= stepsDone,
            let trend = ChosenTrend(facts["trend"]),
            let window = window(facts["window"], of: stepsDone)
        else { throw failure("position") }
        var evaluations: EvaluationHistory?
        if let json = facts["evaluations"], !json.isNull {
            evaluations = EvaluationHistory(json, stepsDone: stepsDone)
            guard evaluations != nil else { throw failure("evaluations") }
            if file.tensor("best") != nil {
                evaluations?.bestParameters = try tensor("best", parameterCount).values
            }
        }
        let newParameters = try tensor("parameters", parameterCount)
        let gradients = window.isEmpty ? nil : try tensor("gradients", parameterCount)
        var state: [TensorView] = []
        for (name, current) in optimizer.state {
            state.append(try tensor("optimizer.\(name)", current.count))
        }

        newParameters.copy(to: parameters.mutableSpan)
        policy.parametersChanged()
        gradients?.copy(to: gradientBuffer.mutableSpan)
        for (current, new) in zip(optimizer.state, state) { new.copy(to: current.values) }
        optimizer.steps = optimizerSteps
        self.stepsDone = stepsDone
        self.tokensSeen = tokensSeen
        self.learningRate = learningRate
        self.hasMoved = hasMoved
        self.window = window
        self.trend = trend
        self.evaluations = evaluations
        lastSaved = (path, stepsDone)
    }

    /// What the micro-batches of an update saw.
    private func window(_ json: JSON?, of update: Int) -> [Metrics]? {
        guard let elements = json?.array, elements.count <= windowCount(of: update) else {
            return nil
        }
        let window = elements.compactMap { Metrics($0, dtype: dtype) }
        return window.count == elements.count ? window : nil
    }

    /// All that a run is determined by, by name.
    private var settings: [(name: String, value: String)] {
        // Where the run computes, and how much memory it takes for that, make no difference.
        let free = ["referenceCache", "activationMemory", "dtype"]
        return leaves(of: configuration).filter { !free.contains($0.name) } + [
            ("dtype", dtype.rawValue),
            ("model", modelFingerprint),
            ("starting adapter", startFingerprint ?? "none"),
            ("data", training.wholeFingerprint),
        ]
    }

    private func checkSettings(_ theirs: JSON?, _ path: String) throws(ADPOError) {
        let differences = settings.compactMap { name, value -> String? in
            let other = theirs?[name]?.string ?? "unknown"
            guard !other.utf8.elementsEqual(value.utf8) else { return nil }
            return ["model", "starting adapter", "data"].contains(name)
                ? "the \(name) is another one" : "\(name) is \(value) here and \(other) there"
        }
        guard differences.isEmpty else {
            throw ADPOError(
                .invalidArgument,
                "\(path) is of another run: \(differences.joined(separator: "; "))")
        }
    }
}

/// The fields of a struct, and those of structs in it, as text.
private func leaves(of value: Any) -> [(name: String, value: String)] {
    Mirror(reflecting: value).children.flatMap { child -> [(name: String, value: String)] in
        let name = child.label ?? ""
        if Mirror(reflecting: child.value).displayStyle == .struct {
            let fields = leaves(of: child.value)
            if !fields.isEmpty { return fields.map { ("\(name).\($0.name)", $0.value) } }
        }
        return [(name, String(describing: child.value))]
    }
}

extension ChosenTrend {
    fileprivate var json: JSON {
        .array([first, last].map { .array($0.map(JSON.double)) })
    }

    fileprivate init?(_ json: JSON?) {
        self.init()
        guard let ends = json?.array, ends.count == 2 else { return nil }
        first = ends[0].array?.compactMap(\.double) ?? []
        last = ends[1].array?.compactMap(\.double) ?? []
        guard first.count <= Self.window, last.count <= Self.window else { return nil }
    }
}

extension Metrics {
    /// Far from overflow also where a window sums up, and more than any run sees.
    fileprivate static let maximum = 1 << 40

    private static var numbers: [WritableKeyPath<Metrics, Double>] {
        means + [\.lossPerSegment, \.seconds]
    }

    /// What the mean of an update needs of a micro-batch.
    fileprivate var json: JSON {
        .array(
            Self.numbers.map { .double(self[keyPath: $0]) }
                + Self.sums.map { .integer(self[keyPath: $0]) })
    }

    fileprivate init?(_ json: JSON, dtype: DType) {
        self.init()
        self.dtype = dtype
        guard let values = json.array, values.count == Self.numbers.count + Self.sums.count else {
            return nil
        }
        for (path, value) in zip(Self.numbers, values) {
            // NaN, where a micro-batch has no such row, is written as null.
            guard let value = value.double ?? (value.isNull ? .nan : nil) else { return nil }
            self[keyPath: path] = value
        }
        for (path, value) in zip(Self.sums, values.dropFirst(Self.numbers.count)) {
            guard let value = value.integer, (0...Self.maximum).contains(value) else { return nil }
            self[keyPath: path] = value
        }
    }
}

extension EvaluationHistory {
    fileprivate var json: JSON {
        .object([
            ("pairs", .string(pairs)), ("step", step.map(JSON.integer) ?? .null),
            ("best_loss", .double(bestLoss)), ("best_step", .integer(bestStep)),
            ("since_best", .integer(sinceBest)),
        ])
    }

    fileprivate init?(_ json: JSON, stepsDone: Int) {
        let step = json["step"]?.integer
        guard let pairs = json["pairs"]?.string, (0...stepsDone).contains(step ?? 0),
            let bestStep = json["best_step"]?.integer, (0...stepsDone).contains(bestStep),
            let sinceBest = json["since_best"]?.integer, (0...stepsDone).contains(sinceBest)
        else { return nil }
        self.init(pairs: pairs)
        self.step = step
        bestLoss = json["best_loss"]?.double ?? .infinity
        self.bestStep = bestStep
        self.sinceBest = sinceBest
    }
}
