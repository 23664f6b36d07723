import ADPO
import ADPOTensor
import TestSupport
import Testing

/// Expects an update, or with the prefix "eval_" an evaluation, to have seen what TRL logged.
///
/// - Parameter ignored: names that TRL means something else by.
func expectMetrics(
    _ metrics: Metrics, equal expected: JSON, prefix: String = "", ignoring ignored: [String] = [],
    _ label: String = ""
) {
    #expect(metrics.step == expected["step"]?.integer)
    #expect(metrics.numTokens == expected["\(prefix)num_tokens"]?.integer)
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
