import ADPOBase

/// The parts for which a name in `tokenizer.ggml.pre` stands, as the tokenizer.json of its models
/// has them.
struct GGUFPreTokenizer {
    /// llama.cpp's name, and others for the same.
    let names: [String]
    let preTokenizers: [any PreTokenizer]
    var normalizers: [any Normalizer] = []
    var ignoresMerges = false
    /// Whether texts begin with BOS where the file does not say.
    var addsBOS = false

    static let all = [
        GGUFPreTokenizer(
            names: ["gpt-2"], preTokenizers: [PreTokenizers.ByteLevel(usesPattern: true)]),
        GGUFPreTokenizer(
            names: ["smollm", "starcoder", "refact", "codeshell"],
            preTokenizers: [
                PreTokenizers.Digits(individually: true),
                PreTokenizers.ByteLevel(usesPattern: true),
            ]),
        GGUFPreTokenizer(
            names: ["llama-bpe", "llama3", "llama-v3"], preTokenizers: words(.tiktoken(digits: 3)),
            ignoresMerges: true, addsBOS: true),
        GGUFPreTokenizer(
            names: ["dbrx", "smaug-bpe"], preTokenizers: words(.tiktoken(digits: 3))),
        GGUFPreTokenizer(
            names: ["qwen2"], preTokenizers: words(.tiktoken(digits: 1)),
            normalizers: [Normalizers.NFC()]),
        GGUFPreTokenizer(
            names: ["gpt-4o"], preTokenizers: words(.cased(digits: 3, contractions: true))),
        GGUFPreTokenizer(
            names: ["tekken"], preTokenizers: words(.cased(digits: 1, contractions: false)),
            ignoresMerges: true, addsBOS: true),
        // GPT-NeoX and its descendants.
        GGUFPreTokenizer(
            names: ["olmo"], preTokenizers: [PreTokenizers.ByteLevel(usesPattern: true)],
            normalizers: [Normalizers.NFC()]),
    ]

    private static func words(_ pattern: WordPattern) -> [any PreTokenizer] {
        [PreTokenizers.PatternSplit(pattern), PreTokenizers.ByteLevel(usesPattern: false)]
    }
}

extension GGUFPreTokenizer {
    /// - Throws: `.unsupported` for an unknown name, and for none.
    init(named name: String?) throws(ADPOError) {
        guard let name else {
            throw ADPOError(
                .unsupported,
                "the file does not name its pre-tokenizer (tokenizer.ggml.pre):"
                    + " convert the model again with a newer converter")
        }
        guard let known = Self.all.first(where: { $0.names.contains(name) }) else {
            throw .unsupportedPart(
                "the pre-tokenizer '\(name)' (tokenizer.ggml.pre)",
                known: Self.all.flatMap(\.names).joined(separator: ", "))
        }
        self = known
    }

    /// The one of a tokenizer.
    init?(of description: TokenizerDescription) {
        func text(_ parts: [any TokenizerPart]) -> String {
            JSON.array(parts.map(\.json)).text
        }
        let known = Self.all.first {
            text($0.preTokenizers) == text(description.preTokenizers)
                && text($0.normalizers) == text(description.normalizers)
                && $0.ignoresMerges == description.model.ignoresMerges
        }
        guard let known else { return nil }
        self = known
    }
}
