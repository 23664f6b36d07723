import ADPOTensor
import Glibc

extension Adapter {
    /// Writes a PEFT directory: adapter_config.json and adapter_model.safetensors, each whole or
    /// not at all. The directory is made where it is missing; its parent must exist.
    ///
    /// - Throws: `.io`, `.outOfMemory`.
    public func save(to path: String) throws(ADPOError) {
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
            throw ADPOError(
                .io, "cannot make the directory \(path): \(String(cString: strerror(errno)))")
        }
        try SafetensorsWriter.write(
            PEFT.tensors(lora.values, layout, model.architecture), to: "\(path)/\(PEFT.weightsFile)"
        )
        try AtomicFile.write(
            Array((configuration.text + "\n").utf8), to: "\(path)/\(PEFT.configurationFile)")
    }

    /// The content of adapter_config.json.
    private var configuration: JSON {
        .object([
            ("peft_type", .string("LORA")),
            ("task_type", .string("CAUSAL_LM")),
            ("base_model_name_or_path", .string(model.path)),
            ("inference_mode", .bool(true)),
            ("r", .integer(rank)),
            ("lora_alpha", .double(Double(alpha))),
            ("lora_dropout", .double(0)),
            ("use_rslora", .bool(isRankStabilized)),
            ("bias", .string("none")),
            ("fan_in_fan_out", .bool(false)),
            (
                "target_modules",
                .array(
                    layout.targets.map { .string(String($0.moduleName.split(separator: ".")[1])) })
            ),
        ])
    }
}
