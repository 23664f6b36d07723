import ADPOBase
import ADPOTensor

extension GGUFTokenizerFields {
    /// - Throws: `.format` when the file has no tokenizer, or one of other types.
    package init(_ metadata: GGUFMetadata, source: String) throws(ADPOError) {
        func value(_ key: String) -> GGUFValue? { metadata["tokenizer.ggml.\(key)"] }
        /// nil for what is not there.
        func elements<T>(_ key: String, _ elements: (GGUFArray) -> T?) throws(ADPOError) -> T? {
            guard let value = value(key) else { return nil }
            guard let elements = value.array.flatMap(elements) else {
                throw ADPOError(
                    .format, "\(source): tokenizer.ggml.\(key) is no array, or of another type")
            }
            return elements
        }
        guard let model = value("model")?.string,
            let tokens = try elements("tokens", ByteStrings.init)
        else {
            throw ADPOError(
                .format, "\(source) holds no tokenizer (tokenizer.ggml.model and .tokens)")
        }
        let merges = try elements("merges", ByteStrings.init)
        guard merges != nil || model != "gpt2" else {
            throw ADPOError(
                .format,
                "\(source): tokenizer.ggml.merges is missing, without which texts would become "
                    + "other tokens; convert the model again")
        }
        self.init(
            model: model, pre: value("pre")?.string, tokens: tokens,
            merges: merges ?? ByteStrings())
        tokenTypes = try elements("token_type", \.integers)?.map { Int32(truncatingIfNeeded: $0) }
        scores = try elements("scores", \.floats)
        bosTokenID = value("bos_token_id")?.integer
        eosTokenID = value("eos_token_id")?.integer
        paddingTokenID = value("padding_token_id")?.integer
        unknownTokenID = value("unknown_token_id")?.integer
        addBOSToken = value("add_bos_token")?.bool
        addEOSToken = value("add_eos_token")?.bool
        addSpacePrefix = value("add_space_prefix")?.bool
        addedTokensStripRight = Self.isPhi3(name: metadata["general.name"]?.string ?? "")
        removeExtraWhitespaces = value("remove_extra_whitespaces")?.bool
        precompiledCharacterMap = try elements("precompiled_charsmap", \.integers)?.map {
            UInt8(truncatingIfNeeded: $0)
        }
    }
}

extension ByteStrings {
    /// nil when the elements are no strings.
    fileprivate init?(_ array: GGUFArray) {
        var strings = ByteStrings()
        strings.reserveCapacity(array.count, bytes: array.byteCount)
        guard array.forEachString({ strings.append($0) }) else { return nil }
        self = strings
    }
}
