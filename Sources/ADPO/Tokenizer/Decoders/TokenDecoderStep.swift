import ADPOBase

/// Changes the text of a token on its way from the vocabulary into the decoded text. Only the
/// beginning of a text can change what a step does.
package protocol TokenDecoderStep: TokenizerPart {
    /// - Parameters:
    ///   - token: the token's bytes; in, and out.
    ///   - place: where the token is. The steps of a text have one each; it begins as `.start`.
    func apply(_ token: inout [UInt8], at place: inout DecoderPlace)
    /// False where `apply` does nothing.
    var changesTokens: Bool { get }
}

extension TokenDecoderStep {
    package var changesTokens: Bool { true }
}

/// How far a decoder step is into its text.
package enum DecoderPlace: Sendable {
    /// At its beginning, of which so many characters have been removed.
    case start(removed: Int)
    case inside
}

/// The decoders of tokenizer.json, a file each.
enum Decoders {
    static let all = PartList<any TokenDecoderStep>(
        kind: "decoder", sequence: "decoders",
        parts: [
            ("ByteLevel", { _ in ByteLevel() }),
            ("ByteFallback", { _ in ByteFallback() }),
            ("Fuse", { _ in Fuse() }),
            ("Metaspace", { (json) throws(ADPOError) in try Metaspace(json) }),
            ("Replace", { (json) throws(ADPOError) in try Replace(json) }),
            ("Strip", { (json) throws(ADPOError) in try Strip(json) }),
        ])

    /// - Throws: `.unsupported` for an order of steps that cannot work a token at a time: `Fuse`
    ///   joins all of them, and behind it stands only what removes the beginning.
    static func validate(_ steps: [any TokenDecoderStep]) throws(ADPOError) {
        let fuse = steps.firstIndex { $0 is Fuse } ?? steps.count
        for (index, step) in steps.enumerated() {
            let isStrip = step is Strip
            guard index == fuse || isStrip == (index > fuse) else {
                throw .unsupportedPart(
                    isStrip ? "the decoder Strip without Fuse" : "a decoder behind Fuse")
            }
        }
    }
}

extension Decoders {
    /// `ByteAlphabet`, which the vocabulary has undone when it was read.
    struct ByteLevel: TokenDecoderStep {
        var json: JSON { .byteLevel() }
        var changesTokens: Bool { false }
        func apply(_ token: inout [UInt8], at place: inout DecoderPlace) {}
    }

    /// One text of all tokens, which they become anyway.
    struct Fuse: TokenDecoderStep {
        var json: JSON { .part("Fuse") }
        var changesTokens: Bool { false }
        func apply(_ token: inout [UInt8], at place: inout DecoderPlace) {}
    }
}
