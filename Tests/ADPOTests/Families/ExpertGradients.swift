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
        guard tensors.contains(where: { $0.name.contains(".experts.") }) else {
            return Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.values) })
        }
        let plain = Dictionary(uniqueKeysWithValues: tensors.map { (newer($0.name), $0) })
        // Matrices are filled up to the rank of gate and up together, and the scale that they have then is
        // in B.
        let factor = Float(adapter.rank / rank)
        var result: [String: [Float]] = [:]
        for tensor in tensors where !tensor.name.contains(".experts.") {
            result[newer(tensor.name)] =
                tensor.name.contains("lora_A")
                ? Array(tensor.values.prefix(rank * tensor.shape[1]))
                : cut(tensor, to: rank).map { $0 * factor }
        }
        let count = plain.keys.filter {
            $0.contains("layers.0.mlp.experts.") && $0.contains("gate_proj.lora_A")
        }
        .count
        for layer in 0..<adapter.model.info.layers {
            func matrix(_ expert: Int, _ matrix: String, _ side: String) -> SafetensorsWriter.Tensor
            {
                let module = "model.layers.\(layer).mlp.experts.\(expert)"
                return plain["base_model.model.\(module).\(matrix).lora_\(side).weight"]
                    ?? SafetensorsWriter.Tensor(name: "", shape: [0, 0], values: [])
            }
            let name = "base_model.model.model.layers.\(layer).mlp.experts"
            let experts = 0..<count
            result["\(name).base_layer.lora_A.weight"] = experts.flatMap { expert in
                zip(matrix(expert, "gate_proj", "A").values, matrix(expert, "up_proj", "A").values)
                    .map {
                        $0 + $1
                    }
            }
            result["\(name).lora_A.weight"] = experts.flatMap { expert in
                let a = matrix(expert, "down_proj", "A")
                return a.values.prefix(rank * a.shape[1])
            }
            // [out, rank, experts]
            let gateUp = experts.map {
                matrix($0, "gate_proj", "B").values + matrix($0, "up_proj", "B").values
            }
            result["\(name).base_layer.lora_B.weight"] = interleaved(gateUp).map { $0 * factor }
            let down = experts.map { cut(matrix($0, "down_proj", "B"), to: rank) }
            result["\(name).lora_B.weight"] = interleaved(down).map { $0 * factor }
        }
        return result
    }

    /// Mixtral's files have other names than the modules of transformers 5.
    private static func newer(_ name: String) -> String {
        [
            ("block_sparse_moe", "mlp"), (".w1.", ".gate_proj."), (".w2.", ".down_proj."),
            (".w3.", ".up_proj."),
        ].reduce(name) { $0.replacing($1.0, with: $1.1) }
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
