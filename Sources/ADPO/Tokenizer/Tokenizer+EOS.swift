extension Tokenizer {
    /// The text of the token that ends a response.
    var eosText: String? {
        guard let eos, let bytes = try? bytes(of: eos) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
