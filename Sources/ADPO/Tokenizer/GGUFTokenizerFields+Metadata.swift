import ADPOBase
import ADPOTensor

extension GGUFTokenizerFields {
    /// - Throws: `.format` when the file has no tokenizer, or one of other types.
    package init(_ metadata: GGUFMetadata, source: String) throws(ADPOError) {
        func value(_ key: String) -> GGUFValue? { metadata["tokenizer.ggml.\(key)"] }
        /// nil for what is not there.
        func elements<T>(
            _ key: String, _ elements: (GGUFArray) -> [T]?
        ) throws(ADPOError) -> [T]? {
            guard let value = value(key) else { return nil }
            guard let elements = value.array.flatMap(elements) else {
                throw ADPOError(
                    .format, "\(source): tokenizer.ggml.\(key) is no array, or of another type")
            }
            return elements
        }
        guard let model = value("model")?.string, let tokens = try elements("tokens", \.strings)
        else {
            throw ADPOError(
                .format, "\(source) holds no tokenizer (tokenizer.ggml.model and .tokens)")
        }
        let merges = try elements("merges", \.strings)
        guard merges != nil || model != "gpt2" else {
            throw ADPOError(
                .format,
                "\(source): tokenizer.ggml.merges is missing, without which texts would become "
                    + "other tokens; convert the model again")
        }
        self.init(model: model, pre: value("pre")?.string, tokens: tokens, merges: merges ?? [])
        tokenTypes = try elements("token_type", \.integers)?.map { Int32(truncatingIfNeeded: $0) }
        bosTokenID = value("bos_token_id")?.integer
        eosTokenID = value("eos_token_id")?.integer
        paddingTokenID = value("padding_token_id")?.integer
        unknownTokenID = value("unknown_token_id")?.integer
        addBOSToken = value("add_bos_token")?.bool
        addEOSToken = value("add_eos_token")?.bool
    }
}
