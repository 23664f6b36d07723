import ADPOBase

extension Decoders {
    /// "<0x0A>" is the byte 10. The `tokenizers` package replaces each byte of a run that is not
    /// well-formed by U+FFFD; here bytes stay what they are.
    struct ByteFallback: TokenDecoderStep {
        var json: JSON { .part("ByteFallback") }

        func apply(_ token: inout [UInt8], at place: inout DecoderPlace) {
            if let byte = ByteToken.byte(token) { token = [byte] }
        }
    }
}
