import ADPO
import ADPOBase
import ADPOTensor
import TestSupport
import Testing

/// Expects an update, or with the prefix "eval_" an evaluation, to have seen what TRL logged.
///
/// - Parameter ignored: names that TRL lacks, or means something else by.
func expectMetrics(
    _ metrics: Metrics, equal expected: JSON, prefix: String = "", ignoring ignored: [String] = [],
    _ label: String = ""
) {
    #expect(metrics.step == expected["step"]?.integer)
    if !ignored.contains("num_tokens") {
        #expect(metrics.numTokens == expected["\(prefix)num_tokens"]?.integer)
    }
    func compare(_ actual: Double, _ name: String, _ absolute: Float, _ relative: Float = 0) {
        if ignored.contains(name) { return }
        // TRL leaves out what no row of the batch has.
        let value = expected[name]?.double.map(Float.init) ?? .nan
        expectClose(
            [Float(actual)], [value], absolute: absolute, relative: relative,
            "\(label) step \(metrics.step) \(name)")
    }
    compare(metrics.epoch, "epoch", 1e-4)
    compare(metrics.loss, prefix + "loss", 1e-4, 1e-5)
    compare(metrics.rewardsChosen, prefix + "rewards/chosen", 1e-4)
    compare(metrics.rewardsRejected, prefix + "rewards/rejected", 1e-4)
    compare(metrics.rewardsMargin, prefix + "rewards/margins", 1e-4)
    compare(metrics.rewardsAccuracy, prefix + "rewards/accuracies", 1e-6)
    compare(metrics.logProbsChosen, prefix + "logps/chosen", 1e-3)
    compare(metrics.logProbsRejected, prefix + "logps/rejected", 1e-3)
    if expected["kl"] != nil { compare(metrics.kl, "kl", 1e-4) }
    if metrics.isEvaluation { return }
    compare(metrics.gradientNorm, "grad_norm", 0, 1e-3)
    compare(metrics.learningRate, "learning_rate", 0, 1e-6)
}

/// Expects these norms of each matrix that was trained, by its name in a file.
func expectNorms(of trainer: Trainer, equal norms: [(key: String, value: JSON)]) throws {
    var values: [String: [Float]] = [:]
    if trainer.configuration.fullFineTuning {
        values = try trainer.tunedModel().weights.values(.huggingFace)
    } else {
        let adapter = try trainer.adapter()
        let matrices = withExtendedLifetime(adapter) {
            PEFT.tensors(adapter.lora.values, adapter.layout, adapter.model)
        }
        for matrix in matrices { values[matrix.name] = matrix.values }
    }
    #expect(values.count == norms.count)
    for (name, norm) in norms {
        let actual = try #require(values[name]).reduce(0) { $0 + $1 * $1 }.squareRoot()
        expectClose([actual], [Float(norm.double ?? .nan)], absolute: 1e-5, relative: 1e-3, name)
    }
}
