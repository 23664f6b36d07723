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
        var tensors: [StateFile.Tensor] = [("parameters", parameters.elements)]
        tensors += optimizer.state.map { ("optimizer.\($0.name)", UnsafeBufferPointer($0.values)) }
        if !state.window.isEmpty { tensors.append(("gradients", gradientBuffer.elements)) }
        let facts = JSON.object(
            [
                ("settings", .object(settings)), ("inputs", .object(inputs)),
                ("optimizer_steps", .integer(optimizer.steps)),
            ] + state.members)
        try (state.evaluations?.bestParameters ?? []).withUnsafeBufferPointer {
            (best) throws(ADPOError) in
            if !best.isEmpty { tensors.append(("best", best)) }
            try StateFile.write(kind: Self.kind, facts: facts, tensors: tensors, to: path)
        }
        lastSaved = (path, stepsDone)
    }

    /// Goes on where a run was saved.
    ///
    /// - Throws: `.invalidArgument` for a run of another configuration, model, start or data, and
    ///   the message names what differs; `.notFound`, `.io`; `.unsupported` for a file of another
    ///   version of the format; `.format` for a file that is damaged or something else. The trainer
    ///   is then as it was.
    public func restore(from path: String) throws(ADPOError) {
        let file = try StateFile(kind: Self.kind, path: path)
        try checkIsOfThisRun(file.facts, path)
        func failure(_ part: String) -> ADPOError {
            ADPOError(.format, "\(path) is damaged: it lacks its \(part); remove it")
        }
        func tensor(_ name: String, _ count: Int) throws(ADPOError) -> TensorView {
            guard let tensor = file.tensor(name, count: count) else { throw failure(name) }
            return tensor
        }
        guard
            var state = RunState(
                file.facts, dtype: dtype, steps: steps, windowCount: windowCount(of:)),
            let optimizerSteps = file.facts["optimizer_steps"]?.integer,
            (0...state.stepsDone).contains(optimizerSteps)
        else { throw failure("position") }
        if state.evaluations != nil, file.tensor("best") != nil {
            state.evaluations?.bestParameters = try tensor("best", parameterCount).values
        }
        let newParameters = try tensor("parameters", parameterCount)
        let gradients = state.window.isEmpty ? nil : try tensor("gradients", parameterCount)
        var optimizerState: [TensorView] = []
        for (name, current) in optimizer.state {
            optimizerState.append(try tensor("optimizer.\(name)", current.count))
        }

        newParameters.copy(to: parameters.mutableElements)
        policy.parametersChanged()
        gradients?.copy(to: gradientBuffer.mutableElements)
        for (current, new) in zip(optimizer.state, optimizerState) { new.copy(to: current.values) }
        optimizer.steps = optimizerSteps
        self.state = state
        lastSaved = (path, stepsDone)
    }

    /// The configuration's settings, with the precision that `auto` has become here.
    private var settings: [(key: String, value: JSON)] {
        var configuration = configuration
        configuration.dtype = dtype
        return configuration.settings
    }

    /// The fingerprints of all that a run begins from.
    private var inputs: [(key: String, value: JSON)] {
        [
            ("model", .string(modelFingerprint)),
            ("starting_adapter", .string(startFingerprint ?? "none")),
            ("data", .string(training.wholeFingerprint)),
        ]
    }

    /// A setting that the file does not name is newer than the file, whose run was as its default
    /// has it.
    private func checkIsOfThisRun(_ facts: JSON, _ path: String) throws(ADPOError) {
        guard let theirs = facts["settings"]?.members, let others = facts["inputs"] else {
            throw ADPOError(.format, "\(path) is damaged: it lacks its settings; remove it")
        }
        let ours = JSON.object(settings)
        let defaults = JSON.object(TrainerConfiguration().settings)
        var differences = settings.compactMap { key, value -> String? in
            let other = facts["settings"]?[key] ?? defaults[key] ?? .null
            return other.text == value.text
                ? nil : "\(key) is \(value.text) here and \(other.text) there"
        }
        differences += theirs.filter { ours[$0.key] == nil }
            .map { "\($0.key), \($0.value.text) there, is a setting that this version lacks" }
        differences += inputs.filter { others[$0.key]?.text != $0.value.text }
            .map {
                "the \($0.key == "starting_adapter" ? "starting adapter" : $0.key) is another one"
            }
        try require(
            differences.isEmpty, "\(path) is of another run: \(differences.joined(separator: "; "))"
        )
    }
}
