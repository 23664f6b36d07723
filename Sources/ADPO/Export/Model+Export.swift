import ADPOBase
import ADPOTensor

extension Model {
    /// The names of the encodings that exports can have. Those that directories hold come first: F32, F16
    /// and BF16.
    public static let exportEncodings = Encoding.writable.map(\.name)

    /// Writes the model, with an adapter merged into its weights if one is given: W + scale B A,
    /// computed in f32 from the decoded weights, then encoded.
    ///
    /// The result is a GGUF file when the path ends in ".gguf", and otherwise a Hugging Face
    /// directory, which must be new or empty. Metadata, tokenizer and chat template go along. The
    /// result is loaded, and its log-probs of a fixed text compared with this model's and
    /// adapter's, before it takes its place; otherwise `path` is as it was.
    ///
    /// - Parameters:
    ///   - encoding: One of `Model.exportEncodings`; a directory holds F32, F16 and BF16. nil: as the
    ///     weights are, or F16 in a directory for quantized weights.
    /// - Returns: How far the log-probs are from those in memory, which is what encoding costs.
    /// - Throws: `.invalidArgument` for an adapter of another model and an encoding that the file
    ///   cannot hold, `.io`, `.unsupported` for what the file cannot say, `.numeric` when the
    ///   log-probs differ by more than encoding explains, `.outOfMemory`.
    @discardableResult
    public func export(
        to path: String, adapter: Adapter? = nil, encoding: String? = nil
    ) throws(ADPOError) -> ExportReport {
        try adapter?.check(self)
        let kind = FileKind(path: path)
        let encodings = try ExportEncodings(encoding, kind, self)
        let weights = try MergedWeights(self, adapter, kind: kind, encodings: encodings)
        let check = try ExportCheck(model: self, adapter: adapter)

        func compare(_ file: String) throws(ADPOError) -> ExportReport {
            try check.compare(
                Model(path: file), adapter: nil, bound: encodings.bound(self),
                byteCount: weights.byteCount, path: path)
        }
        if kind == .gguf {
            let writer = try GGUFExport.writer(self, encodings.wanted)
            return try StagingFolder.with(in: StagingFolder.parent(of: path)) {
                (folder) throws(ADPOError) in
                let file = "\(folder)/model.gguf"
                try writer.write(weights.tensors, to: file, weights.append)
                let report = try compare(file)
                try StagingFolder.move(file, to: path)
                return report
            }
        }
        if let name = StagingFolder.names(in: path).first {
            throw ADPOError(
                .io,
                "cannot write \(path): the directory is not empty (\(name) is in it); choose "
                    + "another, or empty it")
        }
        return try StagingFolder.withDirectory(path) { (folder) throws(ADPOError) in
            try HuggingFaceExport.write(self, encodings.main(self), to: folder)
            try SafetensorsWriter.write(
                weights.tensors, to: "\(folder)/\(HuggingFaceExport.weightsFile)", weights.append)
            let report = try compare(folder)
            for name in StagingFolder.names(in: folder) {
                try StagingFolder.move("\(folder)/\(name)", to: "\(path)/\(name)")
            }
            return report
        }
    }

    /// Sees whether a kind of file can say what the model is.
    ///
    /// - Throws: `.unsupported` for what it cannot.
    package func checkExport(_ kind: FileKind) throws(ADPOError) {
        switch (kind, file.kind) {
        case (.gguf, _): _ = try GGUFExport.writer(self, nil)
        case (.huggingFace, .gguf(let metadata)):
            _ = try HuggingFaceExport.files(self, metadata, .f16)
        case (.huggingFace, .huggingFace): break
        }
    }
}
