/// The part of a model's tokenizer that a dataset needs.
package struct PairTokenizer: Sendable {
    /// The token that begins a text, if one does.
    package var bos: Int32?
    /// The token that ends a response, if one does.
    package var eos: Int32?
    /// Text to ids, special tokens recognized; with BOS and the like if the second argument says so.
    package var encode: @Sendable (_ text: String, _ addSpecialTokens: Bool) -> [Int32]
    /// The bytes of a token within a text, which can end within a UTF-8 sequence. A token within a
    /// text has the same bytes wherever it stands, and a response is within one: after its prompt.
    package var decode: @Sendable (_ id: Int32) -> [UInt8]

    package init(
        bos: Int32? = nil, eos: Int32? = nil,
        encode: @escaping @Sendable (_ text: String, _ addSpecialTokens: Bool) -> [Int32],
        decode: @escaping @Sendable (_ id: Int32) -> [UInt8]
    ) {
        self.bos = bos
        self.eos = eos
        self.encode = encode
        self.decode = decode
    }

    package init(_ tokenizer: Tokenizer) {
        self.init(
            bos: tokenizer.bos, eos: tokenizer.eos,
            encode: { tokenizer.encode($0, addSpecialTokens: $1) },
            decode: { tokenizer.decode(CollectionOfOne($0), continuesText: true) })
    }

    var eosText: String? { eos.map { String(decoding: decode($0), as: UTF8.self) } }
}
