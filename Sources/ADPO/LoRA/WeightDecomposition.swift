import ADPOBase
import ADPOTensor
import CKernels

/// The norms of the rows of adapted weights, ||W + scale B A||, and what DoRA (arXiv 2402.09353)
/// makes of them and its magnitudes.
///
/// Whoever changes the parameters calls `update`, which takes as long as training on some twenty
/// tokens.
package final class WeightDecomposition: Sendable {
    private let layout: AdapterLayout
    private let gains: Buffer<Float>  // [layout.magnitudeCount], magnitude / norm
    private let inverseNorms: Buffer<Float>  // [layout.magnitudeCount]
    private let lanes = Parallel.threadCount
    private let scratch: Buffer<Float>  // [lanes, widest]
    private let widest: Int

    /// nil for a layout without magnitudes.
    init?(_ layout: AdapterLayout) throws(ADPOError) {
        guard layout.hasMagnitudes else { return nil }
        let widest = layout.modules.map(\.columns).max() ?? 0
        let gains = try Buffer<Float>(zeros: layout.magnitudeCount)
        let inverseNorms = try Buffer<Float>(zeros: layout.magnitudeCount)
        let scratch = try Buffer<Float>(zeros: lanes * widest)
        self.layout = layout
        self.gains = gains
        self.inverseNorms = inverseNorms
        self.scratch = scratch
        self.widest = widest
    }

    func dora(_ module: AdapterLayout.Module) -> DoRA? {
        module.magnitudeRows.map {
            DoRA(
                gains: gains.pointer + $0.lowerBound,
                inverseNorms: inverseNorms.pointer + $0.lowerBound, rows: $0.count)
        }
    }

    /// Follows the parameters, whose own decomposition is not looked at.
    func update(_ lora: LoRAParameters, _ weights: Weights) {
        forEachRow(lora, weights) { magnitude, row, norm in
            gains.pointer[row] = norm == 0 ? 0 : lora.values[magnitude] / norm
            inverseNorms.pointer[row] = norm == 0 ? 0 : 1 / norm
        }
    }

    /// Sets the magnitudes of parameters to the norms.
    func initialize(
        _ values: UnsafeMutablePointer<Float>, _ lora: LoRAParameters, _ weights: Weights
    ) {
        forEachRow(lora, weights) { magnitude, _, norm in values[magnitude] = norm }
    }

    /// Calls `body` with where the magnitude of each adapted row lies among the parameters, where
    /// among all magnitudes, and the row's norm.
    private func forEachRow(
        _ lora: LoRAParameters, _ weights: Weights, _ body: (Int, Int, Float) -> Void
    ) {
        var lora = lora
        lora.decomposition = nil
        for module in layout.modules {
            guard let update = lora.update(of: module.weight), let magnitudes = module.magnitudes,
                let rows = module.magnitudeRows
            else { continue }
            let weight = weights[module.weight]
            Parallel.forEach(weight.rows, lanes: lanes) { row, lane in
                let values = scratch.pointer + lane * widest
                weight.decode(row: row, into: values)
                update.merge(row: row, into: values)
                let norm = adpo_sum_of_squares(values, weight.columns).squareRoot()
                body(magnitudes.lowerBound + row, rows.lowerBound + row, Float(norm))
            }
        }
    }
}
