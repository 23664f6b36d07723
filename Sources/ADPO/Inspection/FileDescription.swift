import ADPOBase
import ADPOTensor

/// What a file or directory is, and what can be done with it, also where it cannot be loaded.
public struct FileDescription: Sendable {
    /// How much of the file is in an encoding.
    public struct Share: Sendable, Equatable {
        public let encoding: String
        public let tensors: Int
        public let bytes: Int
    }

    /// "gguf" or "safetensors".
    public let format: String
    /// `general.architecture` or `model_type`.
    public let architecture: String
    /// Those of the tensors that can be decoded, the largest share first.
    public let encodings: [Share]
    /// nil where the model cannot be loaded.
    public let model: ModelInfo?
    public let hasChatTemplate: Bool
    /// Why it cannot be loaded, scored and generated with, and tuned by an adapter; nil: it can.
    public let loadingProblem: String?
    public let fullTuningProblem: String?
    public let directoryExportProblem: String?
    public let ggufExportProblem: String?
}

extension FileDescription {
    /// Looks at a Hugging Face directory or a GGUF file.
    ///
    /// - Throws: `.notFound`, `.io`, `.format` for what is neither.
    public init(path: String) throws(ADPOError) {
        let file = try TensorFile.open(path: path)
        let source = try ModelSource(file)
        switch source.kind {
        case .gguf: format = "gguf"
        case .huggingFace: format = "safetensors"
        }
        architecture = source.type
        encodings = Self.shares(file)
        let model: Model
        do throws(ADPOError) {
            model = try Model(path: path)
        } catch {
            self.model = nil
            hasChatTemplate = false
            loadingProblem = error.message
            (fullTuningProblem, directoryExportProblem) = (error.message, error.message)
            ggufExportProblem = error.message
            return
        }
        self.model = model.info
        hasChatTemplate = !model.chatTemplates.texts.isEmpty
        loadingProblem = nil
        fullTuningProblem = problem { () throws(ADPOError) in try Policy.checkIsUnquantized(model) }
        directoryExportProblem = problem { () throws(ADPOError) in
            try model.checkExport(.huggingFace)
        }
        ggufExportProblem = problem { () throws(ADPOError) in try model.checkExport(.gguf) }
    }

    private static func shares(_ file: TensorFile) -> [Share] {
        var shares: [String: (tensors: Int, bytes: Int)] = [:]
        for name in file.names {
            guard let view = try? file.tensor(name) else { continue }
            shares[view.encoding.name, default: (0, 0)].tensors += 1
            shares[view.encoding.name, default: (0, 0)].bytes += view.bytes.count
        }
        return shares.map {
            Share(encoding: $0.key, tensors: $0.value.tensors, bytes: $0.value.bytes)
        }
        .sorted { ($0.bytes, $0.encoding) > ($1.bytes, $1.encoding) }
    }
}

private func problem(_ check: () throws(ADPOError) -> Void) -> String? {
    do throws(ADPOError) {
        try check()
        return nil
    } catch {
        return error.message
    }
}

extension FileDescription {
    /// As `adpo.h` describes it.
    package var json: JSON {
        func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
        return .object([
            ("format", .string(format)), ("architecture", .string(architecture)),
            ("encodings", .array(encodings.map(\.json))), ("model", model?.json ?? .null),
            ("has_chat_template", .bool(hasChatTemplate)),
            ("loading_problem", text(loadingProblem)),
            ("full_tuning_problem", text(fullTuningProblem)),
            ("directory_export_problem", text(directoryExportProblem)),
            ("gguf_export_problem", text(ggufExportProblem)),
        ])
    }
}

extension FileDescription.Share {
    fileprivate var json: JSON {
        .object([
            ("encoding", .string(encoding)), ("tensors", .integer(tensors)),
            ("bytes", .integer(bytes)),
        ])
    }
}

extension ModelInfo {
    fileprivate var json: JSON {
        .object([
            ("family", .string(family)), ("encoding", .string(encoding)),
            ("layers", .integer(layers)), ("width", .integer(width)), ("heads", .integer(heads)),
            ("key_value_heads", .integer(keyValueHeads)), ("vocabulary", .integer(vocabulary)),
            ("context", .integer(context)), ("parameters", .integer(parameters)),
            ("weight_bytes", .integer(weightBytes)),
        ])
    }
}
