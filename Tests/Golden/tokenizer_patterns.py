"""The regular expressions by which byte-level tokenizers split texts.

Those of tokenizer.json files as these have them, by the names that llama.cpp has for them
(src/llama-vocab.cpp, which quotes most); where a file's own are not known, llama.cpp's.
"""

CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
SPACES = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def tiktoken(digits: str, contractions: str = CONTRACTIONS + "|") -> str:
    """Give the expression of cl100k and its successors."""
    words = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    return contractions + words + digits + r"| ?[^\s\p{L}\p{N}]+[\r\n]*" + SPACES


def cased(digits: str, suffix: str, extra: str = "", signs: str = r"[\r\n/]*") -> str:
    """Give the expression of o200k and its successors."""
    upper = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}" + extra + "]"
    lower = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}" + extra + "]"
    prefix = r"[^\r\n\p{L}\p{N}]?"
    return (
        f"{prefix}{upper}*{lower}+{suffix}|{prefix}{upper}+{lower}*{suffix}"
        r"|\p{N}" + digits + r"| ?[^\s\p{L}\p{N}]+" + signs + SPACES
    )


BLOOM = " ?[^(\\s|[.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c])]+"
EAST_ASIA = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
DEEPSEEK_EAST_ASIA = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
DEEPSEEK_LETTERS = (
    "\\s?[A-Za-z\xb5\xc0-\xd6\xd8-\xf6\xf8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af"
    "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1"
    "\u03a3-\u03f5\u03f7-\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8"
    "-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-"
    "\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-\u1f57\u1f59\u1f5b\u1f5d\u1f5f-"
    "\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc\u1fd0-\u1fd3\u1fd6-"
    "\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115\u2119-"
    "\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149"
    "\u214e\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d"
    "\ua680-\ua69b\ua722-\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13"
    "-\ufb17\uff21-\uff3a\uff41-\uff5a\U00010400-\U0001044f\U000104b0-\U000104d3"
    "\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-\U00010cf2\U000118a0-\U000118df"
    "\U0001e900-\U0001e943]+"
)
DEEPSEEK_SIGNS = "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"
DEEPSEEK3 = (
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p"
    "{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
)
AFMOE_ASIA = (
    "[\u4e00-\u9fff\u3400-\u4dbf\u8c48-\ufaff\u3040-\u309f\u30a0-\u30ff\uff65-\uff9f"
    "\u2f00-\u2fdf\u0e40-\u0e7f\u0e80-\u0eff\u1780-\u17ff\u1000-\u109f\uaa60-\uaa7f\ua9e0"
    "-\ua9ff\uac00-\ud7af\u1100-\u11ff]+"
)
AFMOE = (
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?["
    "\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
)
YOUTU = (
    "[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a"
    "\uff1b\uff0c\u3001-\u303f\ufe30-\ufe4f]+|[\u3105-\u312f]+|[\u4e00-\u9fa5\u3040-"
    "\u309f\u30a0-\u30ff]+"
)

EXPRESSIONS = {
    "gpt-2": [GPT2],
    "smollm": ["Digits", GPT2],
    "llama3": [tiktoken("{1,3}")],
    "qwen2": [tiktoken("")],
    "qwen35": [
        CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"
        r"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + SPACES
    ],
    "gpt-4o": [cased("{1,3}", CONTRACTIONS + "?")],
    "tekken": [cased("", "")],
    "kimi-k2": [r"[\p{Han}]+|" + cased("{1,3}", CONTRACTIONS + "?", r"&&[^\p{Han}]", r"[\r\n]*")],
    "tiny_aya": [r"\d{1,3}(?=(?:\d{3})*\b)", cased("{1,3}", CONTRACTIONS + "?")],
    "deepseek-llm": [
        "[\r\n]",
        DEEPSEEK_LETTERS,
        DEEPSEEK_SIGNS,
        r"\s+$",
        DEEPSEEK_EAST_ASIA,
        "Digits",
    ],
    "deepseek-coder": ["[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", DEEPSEEK_EAST_ASIA, "Digits"],
    "deepseek-v3": [r"\p{N}{1,3}", EAST_ASIA, DEEPSEEK3],
    "afmoe": [r"\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))", AFMOE_ASIA, AFMOE],
    "youtu": [YOUTU, cased("", CONTRACTIONS + "?")],
    "bloom": [BLOOM],
    "viking": [BLOOM, "Digits"],
    "superbpe": [r"\p{N}+", r"(?=(\d{3})+(?!\d))"],
    "bailingmoe": [
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*"
        r"|\s*[\r\n]|\s+(?!\S)|\s+"
    ],
    "seed-coder": [
        CONTRACTIONS + "|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\r\n]+"
        "|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"
    ],
    "exaone-moe": [
        CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+"
    ],
    "jais-2": [
        CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)"
        r"|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)|\s{1,2}(?!\S)|\s{1}"
    ],
    "minicpm5": [r"\p{N}{1,3}", tiktoken("+")],
    "laguna": [r"[^\n]+|[\n]+", tiktoken("")],
    "ufakzeka": [tiktoken("", "")],
    "falcon": [r"[\p{P}\$\+<=>\^~\|`]+", GPT2, "[0-9][0-9][0-9]"],
    "default": [r"[\p{P}\$\+<=>\^~\|]+", GPT2, r"\p{N}+", "[0-9][0-9][0-9]"],
}

# What only tokenizer.json files have: tiktoken's cl100k with possessive quantifiers, and others.
OTHERS = {
    "cl100k": [
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ],
    "words": [r"\w+|[^\w\s]+"],
    "lines": [r"^#.*$|\b\d+\b|[[a-z]&&[^aeiou]]+"],
}


def named(names: str, expressions: str, normalizer: str = "", ignores: bool = False) -> dict:
    """Say which expressions and normalizer names stand for, and whether words need no merges."""
    return dict.fromkeys(names.split(), (expressions, normalizer, ignores))


GGUF = (
    named(
        "gpt-2 phi-2 mpt jais trillion granite-docling exaone4 gigachat a.x-4.0 mellum jina-es "
        "jina-de jina-v2-es jina-v2-de",
        "gpt-2",
    )
    | named("olmo modern-bert", "gpt-2", "NFC")
    | named(
        "smollm starcoder refact codeshell command-r exaone minerva-7b mellum2",
        "smollm",
    )
    | named(
        "llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
        "llama3",
        ignores=True,
    )
    | named("dbrx smaug-bpe chatglm-bpe", "llama3")
    | named("glm4 glm5", "llama3", ignores=True)
    | named("qwen2 megrez deepseek-r1-qwen kormo f2llmv2", "qwen2", "NFC")
    | named("stablelm2 hunyuan solar-open grok-2", "qwen2")
    | named("qwen35", "qwen35", "NFC")
    | named("gpt-4o llama4 kanana2 talkie minimax-m2", "gpt-4o")
    | named("tekken", "tekken", ignores=True)
    | named("kimi-k2", "kimi-k2")
    | named("tiny_aya cohere2moe", "tiny_aya")
    | named("deepseek-llm", "deepseek-llm")
    | named("deepseek-coder", "deepseek-coder")
    | named("deepseek-v3 hunyuan-dense joyai-llm hy_v4", "deepseek-v3")
    | named("afmoe", "afmoe")
    | named("youtu", "youtu", ignores=True)
    | named("poro-chat bloom gpt3-finnish", "bloom")
    | named("viking", "viking")
    | named("superbpe", "superbpe")
    | named("bailingmoe bailingmoe2 llada-moe", "bailingmoe")
    | named("seed-coder", "seed-coder")
    | named("exaone-moe", "exaone-moe")
    | named("jais-2", "jais-2")
    | named("minicpm5", "minicpm5", ignores=True)
    | named("laguna", "laguna")
    | named("ufakzeka", "ufakzeka")
    | named("falcon", "falcon")
    | named("default", "default")
)
