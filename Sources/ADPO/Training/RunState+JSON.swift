import ADPOBase

/// The state of a run in a checkpoint's metadata. The names mean the same in every version of the
/// library. The parameters of the best evaluation are a tensor of their own beside it.
extension RunState {
    var members: [(key: String, value: JSON)] {
        [
            ("steps", .integer(stepsDone)),
            ("tokens", .integer(tokensSeen)),
            ("learning_rate", .double(learningRate)),
            ("has_moved", .bool(hasMoved)),
            ("window", .array(window.map(\.json))),
            ("trend", trend.json),
            ("evaluations", evaluations?.json ?? .null),
        ]
    }

    /// - Parameters:
    ///   - steps: updates in the whole run.
    ///   - windowCount: the number of micro-batches of an update.
    /// - Returns: nil for what no run can have written.
    init?(_ json: JSON, dtype: DType, steps: Int, windowCount: (Int) -> Int) {
        guard let stepsDone = json["steps"]?.integer, (0...steps).contains(stepsDone),
            let tokensSeen = json["tokens"]?.integer, (0...Metrics.maximum).contains(tokensSeen),
            let learningRate = json["learning_rate"]?.double,
            (try? checkLearningRate(learningRate)) != nil,
            let hasMoved = json["has_moved"]?.bool,
            let trend = ChosenTrend(json["trend"]),
            let window = json["window"]?.array, window.count <= windowCount(stepsDone)
        else { return nil }
        self.init(
            stepsDone: stepsDone, tokensSeen: tokensSeen, learningRate: learningRate,
            hasMoved: hasMoved, window: window.compactMap { Metrics($0, dtype: dtype) },
            trend: trend)
        guard self.window.count == window.count else { return nil }
        if let json = json["evaluations"], !json.isNull {
            guard let evaluations = EvaluationHistory(json, stepsDone: stepsDone) else {
                return nil
            }
            self.evaluations = evaluations
        }
    }
}

extension ChosenTrend {
    fileprivate var json: JSON {
        .object([
            ("first", .array(first.map(JSON.double))), ("last", .array(last.map(JSON.double))),
        ])
    }

    fileprivate init?(_ json: JSON?) {
        self.init()
        guard let first = json?["first"]?.array, let last = json?["last"]?.array,
            first.count <= Self.window, last.count <= Self.window
        else { return nil }
        self.first = first.compactMap(\.double)
        self.last = last.compactMap(\.double)
        guard self.first.count == first.count, self.last.count == last.count else { return nil }
    }
}

extension Metrics {
    /// Far from overflow also where a window sums up, and more than any run sees.
    fileprivate static let maximum = 1 << 40

    private static var numbers: [(name: String, path: WritableKeyPath<Metrics, Double>)] {
        means + [("loss_per_segment", \.lossPerSegment), ("seconds", \.seconds)]
    }

    /// The numbers of a micro-batch that the mean of its update needs.
    fileprivate var json: JSON {
        .object(
            Self.numbers.map { ($0.name, .double(self[keyPath: $0.path])) }
                + Self.sums.map { ($0.name, .integer(self[keyPath: $0.path])) })
    }

    fileprivate init?(_ json: JSON, dtype: DType) {
        self.init()
        self.dtype = dtype
        for (name, path) in Self.numbers {
            // NaN, where a micro-batch has no such row, is written as null.
            guard let value = json[name],
                let number = value.double ?? (value.isNull ? .nan : nil)
            else { return nil }
            self[keyPath: path] = number
        }
        for (name, path) in Self.sums {
            guard let value = json[name]?.integer, (0...Self.maximum).contains(value) else {
                return nil
            }
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
        // Infinity, before the first evaluation, is written as null.
        bestLoss = json["best_loss"]?.double ?? .infinity
        self.bestStep = bestStep
        self.sinceBest = sinceBest
    }
}
