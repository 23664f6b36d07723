import ADPOBase
import ADPOTensor

extension Adapter {
    /// Writes the adapter: a PEFT directory (adapter_config.json and adapter_model.safetensors),
    /// or a file for llama.cpp when the path ends in ".gguf". The parent directory must exist.
    ///
    /// What was written is loaded again, and computes the same log-probs as this adapter before it
    /// takes its place; otherwise `path` is as it was.
    ///
    /// - Throws: `.io`, `.outOfMemory`, `.numeric` when the log-probs differ or are not finite,
    ///   `.unsupported` for DoRA in a file for llama.cpp.
    public func save(to path: String) throws(ADPOError) {
        switch FileKind(path: path) {
        case .huggingFace: try savePEFT(path)
        case .gguf: try saveGGUF(path)
        }
    }

    private func savePEFT(_ path: String) throws(ADPOError) {
        let files = [PEFT.weightsFile, PEFT.configurationFile]
        try StagingFolder.withDirectory(path) { (folder) throws(ADPOError) in
            try SafetensorsWriter.write(
                PEFT.tensors(lora.values, layout, model), to: "\(folder)/\(files[0])")
            try AtomicFile.write(
                Array((configuration.text + "\n").utf8), to: "\(folder)/\(files[1])")
            try check(folder, path)
            for file in files {
                try StagingFolder.move("\(folder)/\(file)", to: "\(path)/\(file)")
            }
        }
    }

    private func saveGGUF(_ path: String) throws(ADPOError) {
        guard !layout.hasMagnitudes else {
            throw ADPOError(
                .unsupported,
                "cannot write \(path): adapter files of llama.cpp hold no DoRA magnitudes; export the "
                    + "merged model, or save the adapter in PEFT's format")
        }
        let tensors = AdapterFormat(.gguf, model).tensors(lora.values, layout)
        guard tensors.count == 2 * layout.modules.count else {
            throw ADPOError(
                .unsupported,
                "cannot write \(path): adapter files of llama.cpp hold no matrices of single experts; "
                    + "export the merged model, or save the adapter in PEFT's format")
        }
        var descriptions: [NewTensor] = []
        for tensor in tensors {
            descriptions.append(
                try NewTensor(name: tensor.name, shape: tensor.shape, encoding: .f32))
        }
        try StagingFolder.with(in: StagingFolder.parent(of: path)) { (folder) throws(ADPOError) in
            let file = "\(folder)/adapter.gguf"
            var rest = tensors[...]
            try GGUFAdapterHead.writer(self).write(descriptions, to: file) {
                (_, file) throws(ADPOError) in
                if let tensor = rest.popFirst() { try file.append(tensor.values) }
            }
            try check(file, path)
            try StagingFolder.move(file, to: path)
        }
    }

    /// Loads what was written, and compares.
    private func check(_ file: String, _ path: String) throws(ADPOError) {
        _ = try ExportCheck(model: model, adapter: self).compare(
            model, adapter: Adapter(model: model, path: file), bound: ExportCheck.exact,
            byteCount: 0, path: path)
    }

    /// The modules' weights are [in, out] in transformers, as GPT-2's are.
    private var isTransposed: Bool {
        layout.modules.contains {
            model.architecture.parameters[$0.weight].huggingFace.isTransposed
        }
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
            ("lora_dropout", .double(dropout)),
            ("use_rslora", .bool(isRankStabilized)),
            ("use_dora", .bool(layout.hasMagnitudes)),
            ("bias", .string("none")),
            ("fan_in_fan_out", .bool(isTransposed)),
            (
                "target_modules",
                .array(
                    TargetModule.peftNames(
                        Set(layout.modules.map(\.weight)), model.architecture.parameters
                    ).map(JSON.string))
            ),
        ])
    }
}
