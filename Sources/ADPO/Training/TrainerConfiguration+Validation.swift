import ADPOBase
import ADPOTensor

extension TrainerConfiguration {
    /// Checks the settings that the parts of a trainer do not check themselves.
    func validate() throws(ADPOError) {
        try objective.validate()
        try validateCounts()
        try validateAdapter()
        try checkLearningRate(learningRate)
        try require(
            maxGradientNorm >= 0 && maxGradientNorm.isFinite,
            "the maximum gradient norm is \(maxGradientNorm); it must be 0 or above")
        try require(
            momentum == 0 || optimizer == .sgd,
            "the momentum is of SGD; AdamW has beta1 in its place")
        try require(
            referenceCache == nil || objective.needsReference,
            "the objective needs no reference, so there is nothing for a reference cache")
    }

    private func validateCounts() throws(ADPOError) {
        for (name, count, limit) in [
            ("number of epochs", epochs, 1 << 20), ("batch size", batchSize, Int(UInt32.max)),
            ("gradient accumulation", gradientAccumulation, Int(UInt32.max)),
            ("maximum length", maxLength, Int(UInt32.max)),
        ] {
            try require(
                count >= 1 && count <= limit, "the \(name) is \(count); it must be 1 to \(limit)")
        }
        try require(
            objective.loss != .kto || batchSize >= 2,
            """
            the loss kto needs a batch size of at least 2: its KL estimate mixes the rows of a batch
            """)
        try require(
            activationMemory >= 0,
            "the activation memory is \(activationMemory) bytes; it must be 0 or above")
        try require(
            (0..<1).contains(warmupSteps)
                || (1...0x1p32).contains(warmupSteps)
                    && warmupSteps.rounded() == warmupSteps,
            """
            the warmup steps are \(warmupSteps); they must be a whole number, or below 1 a share of \
            the run
            """)
    }

    private func validateAdapter() throws(ADPOError) {
        try require(
            !fullFineTuning
                || loraDropout == 0 && !usesRSLoRA && !usesDoRA && targetModules == ["all-linear"],
            """
            full fine-tuning has no adapter: leave out dropout, target modules, rsLoRA and DoRA
            """)
        try require(
            loraAlpha > 0 && loraAlpha.isFinite,
            "the LoRA alpha is \(loraAlpha); it must be above 0")
        try require(
            loraDropout >= 0 && loraDropout < 1,
            "the LoRA dropout is \(loraDropout); it must be 0 or above, and below 1")
    }
}

/// - Throws: `.invalidArgument` unless it is a 32-bit number that is not negative.
func checkLearningRate(_ rate: Double) throws(ADPOError) {
    try require(
        rate >= 0 && Float(rate).isFinite, "the learning rate is \(rate); it must be 0 or above")
}
