import ADPOTensor

extension Trainer {
    /// All steps that remain, or until `onStep` returns false.
    ///
    /// - Throws: as `step`.
    public func run(_ onStep: (Metrics) -> Bool = { _ in true }) throws(ADPOError) {
        while let metrics = try step() {
            if !onStep(metrics) { return }
        }
    }
}
