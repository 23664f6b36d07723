import ADPOTensor

extension GGUFTokenizerFields {
    /// - Throws: `.format` when the file has no tokenizer.
    package init(_ metadata: GGUFMetadata, source: String) throws(ADPOError) {
        func value(_ key: String) -> GGUFValue? { metadata["tokenizer.ggml.\(key)"] }
        guard let model = value("model")?.string, let tokens = value("tokens")?.array?.strings
        else {
            throw ADPOError(
                .format, "\(source) holds no tokenizer (tokenizer.ggml.model and .tokens)")
        }
        self.init(
            model: model, pre: value("pre")?.string, tokens: tokens,
            merges: value("merges")?.array?.strings ?? [])
        tokenTypes = value("token_type")?.array?.integers?.map { Int32(truncatingIfNeeded: $0) }
        bosTokenID = value("bos_token_id")?.integer
        eosTokenID = value("eos_token_id")?.integer
        paddingTokenID = value("padding_token_id")?.integer
        unknownTokenID = value("unknown_token_id")?.integer
        addBOSToken = value("add_bos_token")?.bool
        addEOSToken = value("add_eos_token")?.bool
    }
}
