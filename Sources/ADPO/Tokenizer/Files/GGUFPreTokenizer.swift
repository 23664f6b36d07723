import ADPOBase

/// The parts for which a name in `tokenizer.ggml.pre` stands, as the tokenizer.json of its models
/// has them; where that is not known, as llama.cpp splits texts (src/llama-vocab.cpp).
package struct GGUFPreTokenizer {
    /// llama.cpp's name, and others for the same.
    package let names: [String]
    let preTokenizer: JSON
    var normalizer = JSON.null
    var ignoresMerges = false
    /// Whether texts begin with BOS where the file does not say.
    var addsBOS = false
}

extension GGUFPreTokenizer {
    private typealias E = GGUFExpressions
    private static let nfc = JSON.part("NFC")
    private static let gpt2 = JSON.byteLevel()
    private static let singleDigits = sequence([
        .part("Digits", [("individual_digits", .bool(true))]), .byteLevel(),
    ])
    private static let words = split([E.tiktoken("{1,3}")])

    private static func split(_ expressions: [String]) -> JSON {
        sequence(expressions.map(expression) + [.byteLevel(usesPattern: false)])
    }

    private static func expression(_ expression: String) -> JSON {
        .splitPart(.object([("Regex", .string(expression))]))
    }

    private static func sequence(_ parts: [JSON]) -> JSON {
        PreTokenizers.all.json(parts)
    }

    package static let all = [
        GGUFPreTokenizer(
            names: [
                "gpt-2", "phi-2", "mpt", "jais", "trillion", "granite-docling", "exaone4",
                "gigachat", "a.x-4.0", "mellum", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de",
            ],
            preTokenizer: gpt2),
        // GPT-NeoX and its descendants.
        GGUFPreTokenizer(names: ["olmo", "modern-bert"], preTokenizer: gpt2, normalizer: nfc),
        GGUFPreTokenizer(
            names: [
                "smollm", "starcoder", "refact", "codeshell", "command-r", "exaone", "minerva-7b",
                "mellum2",
            ],
            preTokenizer: singleDigits),
        GGUFPreTokenizer(
            names: [
                "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0",
                "lfm2", "jina-v5-nano",
            ],
            preTokenizer: words, ignoresMerges: true, addsBOS: true),
        GGUFPreTokenizer(names: ["dbrx", "smaug-bpe", "chatglm-bpe"], preTokenizer: words),
        GGUFPreTokenizer(names: ["glm4", "glm5"], preTokenizer: words, ignoresMerges: true),
        GGUFPreTokenizer(
            names: ["qwen2", "megrez", "deepseek-r1-qwen", "kormo", "f2llmv2"],
            preTokenizer: split([E.tiktoken("")]), normalizer: nfc),
        GGUFPreTokenizer(
            names: ["stablelm2", "hunyuan", "solar-open", "grok-2"],
            preTokenizer: split([E.tiktoken("")])),
        GGUFPreTokenizer(
            names: ["qwen35"], preTokenizer: split([E.qwen35]), normalizer: nfc),
        GGUFPreTokenizer(
            names: ["gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2"],
            preTokenizer: split([E.cased("{1,3}", suffix: E.contractions + "?")])),
        GGUFPreTokenizer(
            names: ["tekken"], preTokenizer: split([E.cased("", suffix: "")]),
            ignoresMerges: true, addsBOS: true),
        GGUFPreTokenizer(names: ["kimi-k2"], preTokenizer: split([E.kimi])),
        GGUFPreTokenizer(
            names: ["tiny_aya", "cohere2moe"],
            preTokenizer: split([
                E.groupsOfThree, E.cased("{1,3}", suffix: E.contractions + "?"),
            ])),
        GGUFPreTokenizer(
            names: ["deepseek-llm"],
            preTokenizer: sequence(
                E.deepSeek.map(expression) + [
                    .part("Digits", [("individual_digits", .bool(true))]),
                    .byteLevel(usesPattern: false),
                ])),
        GGUFPreTokenizer(
            names: ["deepseek-coder"],
            preTokenizer: sequence(
                E.deepSeekCoder.map(expression) + [
                    .part("Digits", [("individual_digits", .bool(true))]),
                    .byteLevel(usesPattern: false),
                ])),
        GGUFPreTokenizer(
            names: ["deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4"],
            preTokenizer: split([#"\p{N}{1,3}"#, E.eastAsia, E.deepSeek3])),
        GGUFPreTokenizer(
            names: ["afmoe"],
            preTokenizer: split([E.groupsOfThreeNumbers, E.asia, E.afmoe])),
        GGUFPreTokenizer(
            names: ["youtu"],
            preTokenizer: split([E.youtu, E.cased("", suffix: E.contractions + "?")]),
            ignoresMerges: true),
        GGUFPreTokenizer(
            names: ["poro-chat", "bloom", "gpt3-finnish"], preTokenizer: split([E.bloom])),
        GGUFPreTokenizer(
            names: ["viking"],
            preTokenizer: sequence([
                expression(E.bloom), .part("Digits", [("individual_digits", .bool(true))]),
                .byteLevel(usesPattern: false),
            ])),
        GGUFPreTokenizer(
            names: ["superbpe"], preTokenizer: split([#"\p{N}+"#, #"(?=(\d{3})+(?!\d))"#])),
        GGUFPreTokenizer(
            names: ["bailingmoe", "bailingmoe2", "llada-moe"], preTokenizer: split([E.bailing])),
        GGUFPreTokenizer(names: ["seed-coder"], preTokenizer: split([E.seedCoder])),
        GGUFPreTokenizer(names: ["exaone-moe"], preTokenizer: split([E.exaoneMoE])),
        GGUFPreTokenizer(names: ["jais-2"], preTokenizer: split([E.jais2])),
        GGUFPreTokenizer(
            names: ["minicpm5"], preTokenizer: split([#"\p{N}{1,3}"#, E.tiktoken("+")]),
            ignoresMerges: true),
        GGUFPreTokenizer(
            names: ["laguna"], preTokenizer: split([#"[^\n]+|[\n]+"#, E.tiktoken("")])),
        GGUFPreTokenizer(
            names: ["ufakzeka"], preTokenizer: split([E.tiktoken("", contractions: "")])),
        GGUFPreTokenizer(
            names: ["falcon"],
            preTokenizer: split([#"[\p{P}\$\+<=>\^~\|`]+"#, E.gpt2, "[0-9][0-9][0-9]"])),
        GGUFPreTokenizer(
            names: ["default"],
            preTokenizer: split([
                #"[\p{P}\$\+<=>\^~\|]+"#, E.gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]",
            ])),
    ]
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
        let preTokenizer = PreTokenizers.all.json(description.preTokenizers.map(\.json)).text
        let normalizer = Normalizers.all.json(description.normalizers.map(\.json)).text
        let known = Self.all.first {
            $0.preTokenizer.text == preTokenizer && $0.normalizer.text == normalizer
                && $0.ignoresMerges == description.model.ignoresMerges
        }
        guard let known else { return nil }
        self = known
    }
}
