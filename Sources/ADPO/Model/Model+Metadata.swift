import ADPOBase
import ADPOTensor

extension Model {
    /// Metadata of the model's file, as JSON: the value of one key of a GGUF file's metadata,
    /// such as "general.name", or of config.json, such as "max_position_embeddings"; all of them as
    /// one object when the key is nil. A tuned model has those of its base.
    ///
    /// - Throws: `.notFound` for a key that is not there; `.io` or `.format` for a config.json that
    ///   has changed since.
    public func metadata(_ key: String? = nil) throws(ADPOError) -> String {
        switch file.kind {
        case .huggingFace(let directory):
            let source = directory + "/config.json"
            let json = try JSON(path: source)
            guard let key else { return json.text }
            guard let value = json[key] else { throw missing(key, source) }
            return value.text
        case .gguf(let metadata):
            guard let key else { return JSON(metadata).text }
            // By bytes: String keys are the same when they are canonically equivalent.
            let isThere = metadata.pairs.contains { $0.key.utf8.elementsEqual(key.utf8) }
            guard isThere, let value = metadata[key] else { throw missing(key, file.path) }
            return JSON(value).text
        }
    }

    private func missing(_ key: String, _ source: String) -> ADPOError {
        ADPOError(.notFound, "\(source) has no key \"\(key)\"")
    }
}
