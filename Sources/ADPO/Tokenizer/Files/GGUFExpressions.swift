/// The regular expressions of `GGUFPreTokenizer`.
enum GGUFExpressions {
    static let gpt2 =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"

    private static let spaces = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// The one of tiktoken's cl100k and its successors; llama-3 has runs of up to three digits.
    static func tiktoken(_ digits: String, contractions: String = contractions + "|") -> String {
        contractions + #"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces
    }

    static let qwen35 =
        contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"#
        + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"# + spaces

    /// The one of tiktoken's o200k, which splits words where their case changes.
    static func cased(_ digits: String, suffix: String) -> String {
        casedWords(except: "", suffix) + #"|\p{N}"# + digits
            + #"| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces
    }

    private static func casedWords(except: String, _ suffix: String) -> String {
        let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}"# + except + "]"
        let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}"# + except + "]"
        let prefix = #"[^\r\n\p{L}\p{N}]?"#
        return "\(prefix)\(upper)*\(lower)+\(suffix)|\(prefix)\(upper)+\(lower)*\(suffix)"
    }

    static let kimi =
        #"[\p{Han}]+|"# + casedWords(except: #"&&[^\p{Han}]"#, contractions + "?")
        + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces

    /// Digits in groups of three, counted from the end.
    static let groupsOfThree = #"\d{1,3}(?=(?:\d{3})*\b)"#
    static let groupsOfThreeNumbers = #"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))"#

    /// DeepSeek-LLM's, whose letters of Latin and its neighbours are listed.
    static let deepSeek = [
        "[\r\n]",
        "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷ"
            + "ᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u{1F7D}ᾀ-ᾴᾶ-ᾼ\u{1FBE}ῂ-ῄῆ-ῌῐ-\u{1FD3}ῖ-\u{1FDB}ῠ-Ῥῲ-ῴῶ-ῼ"
            + "ℂℇℊ-ℓℕℙ-ℝℤ\u{2126}ℨ\u{212A}-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-"
            + "Ｚａ-ｚ\u{10400}-\u{1044F}\u{104B0}-\u{104D3}\u{104D8}-\u{104FB}\u{10C80}-"
            + "\u{10CB2}\u{10CC0}-\u{10CF2}\u{118A0}-\u{118DF}\u{1E900}-\u{1E943}]+",
        "\\s?[!-/:-~！-／：-～‘-‟\u{3000}-。]+",
        #"\s+$"#,
        eastAsiaOfDeepSeek,
    ]

    static let deepSeekCoder = ["[\r\n]", #"\s?\p{L}+"#, #"\s?\p{P}+"#, eastAsiaOfDeepSeek]

    private static let eastAsiaOfDeepSeek = "[一-龥\u{800}-一가-\u{D7FF}]+"

    static let eastAsia = "[一-龥\u{3040}-ゟ゠-ヿ]+"

    static let deepSeek3 =
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p"
        + "{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"

    static let asia =
        "[一-鿿㐀-䶿豈-\u{FAFF}\u{3040}-ゟ゠-ヿ･-ﾟ⼀-\u{2FDF}เ-\u{E7F}\u{E80}-\u{EFF}ក-"
        + "\u{17FF}က-႟ꩠ-ꩿꧠ-\u{A9FF}가-\u{D7AF}ᄀ-ᇿ]+"

    static let afmoe =
        "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?["
        + "\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

    static let youtu =
        "[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥\u{3040}-ゟ゠-ヿ]+"

    static let bloom = " ?[^(\\s|[.,!?…。，、।\u{6D4}،])]+"

    static let bailing =
        #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*"#
        + #"|\s*[\r\n]|\s+(?!\S)|\s+"#

    static let seedCoder =
        contractions + "|[^\r\n" + #"\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}"# + "\r\n]+"
        + #"|\s*["# + "\r\n" + #"]+|\s+(?!\S)|\s+"#

    static let exaoneMoE =
        contractions + #"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"#
        + #"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"#

    static let jais2 =
        contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)"#
        + #"|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}"#
}
