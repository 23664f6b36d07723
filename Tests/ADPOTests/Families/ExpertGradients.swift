import ADPO
import ADPOTensor

/// Gradients of an adapter as peft has them with transformers 5: of all experts of a layer in one matrix each
/// for gate and up, which share A there, and for down.
enum ExpertGradients {
    /// The rank of what is not filled up, in the goldens.
    private static let rank = 3

    /// By the names that peft gives parameters.
    static func stacked(
        _ tensors: [SafetensorsWriter.Tensor], of adapter: Adapter
    ) -> [String: [Float]] {
        let plain = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
        guard tensors.contains(where: { $0.name.contains(".experts.") }) else {
            return plain.mapValues(\.values)
        }
        // Matrices are filled up to the rank of gate and up together, and the scale that they have then is
        // in B.
        let factor = Float(adapter.rank / rank)
        var result: [String: [Float]] = [:]
        for tensor in tensors where !tensor.name.contains(".experts.") {
            let name = tensor.name.replacing("block_sparse_moe", with: "mlp")
            result[name] =
                tensor.name.contains("lora_A")
                ? Array(tensor.values.prefix(rank * tensor.shape[1]))
                : cut(tensor, to: rank).map { $0 * factor }
        }
        let count = tensors.filter {
            $0.name.contains("layers.0.") && $0.name.contains("w1.lora_A")
        }
        .count
        for layer in 0..<adapter.model.info.layers {
            func matrix(_ expert: Int, _ matrix: String, _ side: String) -> SafetensorsWriter.Tensor
            {
                let module = "model.layers.\(layer).block_sparse_moe.experts.\(expert)"
                return plain["base_model.model.\(module).\(matrix).lora_\(side).weight"]
                    ?? SafetensorsWriter.Tensor(name: "", shape: [0, 0], values: [])
            }
            let name = "base_model.model.model.layers.\(layer).mlp.experts"
            let experts = 0..<count
            result["\(name).base_layer.lora_A.weight"] = experts.flatMap { expert in
                zip(matrix(expert, "w1", "A").values, matrix(expert, "w3", "A").values).map {
                    $0 + $1
                }
            }
            result["\(name).lora_A.weight"] = experts.flatMap { expert in
                let a = matrix(expert, "w2", "A")
                return a.values.prefix(rank * a.shape[1])
            }
            // [out, rank, experts]
            let gateUp = experts.map { matrix($0, "w1", "B").values + matrix($0, "w3", "B").values }
            result["\(name).base_layer.lora_B.weight"] = interleaved(gateUp).map { $0 * factor }
            let down = experts.map { cut(matrix($0, "w2", "B"), to: rank) }
            result["\(name).lora_B.weight"] = interleaved(down).map { $0 * factor }
        }
        return result
    }

    private static func interleaved(_ matrices: [[Float]]) -> [Float] {
        (matrices.first ?? []).indices.flatMap { index in matrices.map { $0[index] } }
    }

    /// The first columns of B.
    private static func cut(_ tensor: SafetensorsWriter.Tensor, to columns: Int) -> [Float] {
        (0..<tensor.shape[0]).flatMap { row in
            tensor.values[row * tensor.shape[1]..<row * tensor.shape[1] + columns]
        }
    }
}
