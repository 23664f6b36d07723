"""Make tiny tokenizers (Tests/Fixtures/tokenizers) and the ids that the `tokenizers` package gives.

    python make_tokenizers.py [SmolLM2-135M-Instruct.gguf]

Writes tokenizers.json beside this script, and with the model also smollm2_tokens.json: the ids of
the same texts under its tokenizer, rebuilt from the metadata of the GGUF file. Tokenizers in the
style of SentencePiece are written as GGUF files without a model, too (sentencepiece_style.py).
"""

# ruff: noqa: RUF001 -- texts in many scripts are what this is about

import itertools
import json
import sys
from importlib.metadata import version
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

import sentencepiece_style

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "Fixtures" / "tokenizers"

TIKTOKEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

VERSIONS = {
    name: version(name) for name in ("tokenizers", "transformers", "gguf", "llama_cpp_python")
}

UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
CASED = (
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+%s|[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*%s|%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"

# What the tiny tokenizers learn from.
TRAINING = [
    "The quick brown fox jumps over the lazy dog. It's what they've done, and we'll see that.\n",
    "The others don't know. I'm sure you're right; she'd know.\n",
    "for (int i = 0; i < count; ++i) {\n    total += values[i] * 2;\n}\nreturn total;\n",
    "def add(a, b):\n    return a + b\n\n\nprint(add(12, 345))\t# 357\n",
    "人工智能正在改变世界。今天天气很好，我们去公园吧。",
    "مرحبا بالعالم، كيف حالك اليوم؟",
    "สวัสดีชาวโลก วันนี้อากาศดี",
    "Привет, мир! Как дела? Ça va très bien, merci. Größe, Übung, façade, naïve, café.",
    "😀😀👍🏽👩‍👩‍👧‍👦❤️ 1234567890 2024-05-17 3.14159 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "                                                                \n\n\n\n\n\n\n\n\r\n\r\n",
]

# What is encoded. With a number, the text is repeated so often.
TEXTS: list[str | tuple[str, int]] = [
    "",
    " ",
    "a",
    "Hello world",
    "  Hello   world  ",
    "The quick brown fox jumps over the lazy dog. It wasn't there, they'll say; WE'LL SEE, I'M IN.",
    "I'm you're he's she'd we've they'll don't I'M YOU'RE HE'S SHE'D WE'VE THEY'LL DON'T",
    "'ſ 'tis ''s",
    "for (int i = 0; i < 10; ++i) {\n\tvalues[i] *= 2;   // double\n}\r\n\r\nreturn 0;\n",
    "def f(x):\n        return {'a': x, \"b\": [1, 22, 333, 4444, 1234567890]}\n\n\n    pass",
    "人工智能正在改变世界。他说：“今天天气很好！”",
    "مرحبا بالعالم! كيف حالك؟ ١٢٣٤٥ ۱۲۳",
    "สวัสดีชาวโลก ๑๒๓ ภาษาไทยไม่มีช่องว่าง",
    "हिन्दी में लिखा हुआ पाठ १२३",
    "日本語のテキスト、カタカナとひらがな。ﾊﾝｶｸ ｶﾅ ㍻ Ⅷ ½ ²",
    "한국어 문장입니다. 한글 자모: ᄒ\u1161\u11ab",
    "Ελληνικά, Русский, Հայերեն, עברית, ქართული",
    "😀👍🏽 👩‍👩‍👧‍👦 ❤️ 🏳️‍🌈 🇩🇪🇯🇵 ☕︎",
    "café cafe\u0301 \u0041\u030a \u212b \u1e69 s\u0323\u0307 s\u0307\u0323 \ufb01 \u2126 \u0344",
    "a\u0301\u0316\u0301\u0327\u0335",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319 \u0327\u0f75 x",
    "\u0000\u0001\u0007\u0008\u001b[31m\u007f\u0085\u00a0\u00ad\u200b\u200d\u2028\u2029",
    "\ufeff\ufffd\U0010ffff",
    "tabs\tand\t\ttabs, line\nbreaks\n\n\nCR\rCRLF\r\n\r\n  mixed \n \r\n \t\n end \n",
    "\u3000wide\u3000\u3000spaces\u2003\u2003here\u00a0\u00a0x",
    "spaces          many                    more\n          indented",
    " leading and trailing \n",
    "\n\n\n",
    "x²+y³=z½ 12³ ٣٤ ④⑤ Ⅳ 1,234.56 0x1F 3e-10 100%",
    "!!!??? ... --- === ***\n\n\n!!!\r\n///",
    "don't 'quote' ''double'' 'S 'Re 'LL\u2019s it\u2019s",
    "https://example.org/path?query=1&other=two#fragment user@example.org",
    "<|endoftext|>",
    "before<|endoftext|>after <|endoftext|> spaced <|endoftext|><|endoftext|>",
    "<|im_start|>user\nHi!<|im_end|>\n<|im_start|>assistant\n",
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>",
    "<|im_en<|im_end|>d|> <|im_end| > <|IM_END|>",
    "left   <left>   x<left>\n\u3000<left> <left>  ",
    "<right>   x   <right>\t\u2003\n<right>  <right>",
    "   <both>   <both>\n\n<both>   <right>  <left>  ",
    "word words aword word, _word word_ wordé éword word\u0301 \u200dword 5word word5 (word) word",
    "<long> <longer> <longest> <longes <lon",
    "<norm>ハé <norm>ハe\u0301 カフェé カフェe\u0301 plainéあ plaine\u0301あ",
    "\U0001f1e6\u0378\u088f\U00010940",
    "▁ ▁▁ a▁b ▁ c  ▁",
    "<s>Hi</s> <s> [INST] ask [/INST]</s>",
    "<0x0A><0xE4> <unk> <0x41",
    "camelCase HTMLParser XMLHttpRequest iPhone's MacOS'LL ǅungla ʰA ªb Éa aÉ éÉ你A你a //path/\n/",
    "\u0301a \u0301A \u0301 \u0301\u0301B a\u0301B A\u0301b 你\u0301 'S A'sB",
    "<bos><start_of_turn>user\nHi!<end_of_turn>\n<start_of_turn>model\n",
    "<h1>Title</h1>\t<h1> x</h1>",
    "\U0001e5d0\U0001e5f1 \U00011de3\U00016ff4 \U000105d2\u0307 a\u1ac1\u0316",
    ("a", 100_000),
    (" ", 10_000),
    ("ab", 300),
    ("\n", 3_000),
    (" \u0301\u0327", 50),
    ("\u0301\u0327", 150),
    ("😀", 50),
    ("'", 3_000),
    ("9", 3_000),
    ("a ", 3_000),
    ("\u2581", 300),
    ("漢", 50),
    ("<|im_end|>", 20),
]


def trained(
    pre_tokenizer: pre_tokenizers.PreTokenizer,
    size: int,
    alphabet: bool = True,
    special: tuple[str, ...] = (),
    normalizer: normalizers.Normalizer | None = None,
    **model: object,
) -> Tokenizer:
    """Train a tokenizer on TRAINING; without `alphabet`, it knows only the bytes in there."""
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet else [],
        show_progress=False,
    )
    tokenizer.train_from_iterator(TRAINING * 2, trainer)
    return tokenizer


def split(pattern: str) -> pre_tokenizers.PreTokenizer:
    """Make the pre-tokenizer of llama-3 and its like."""
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def gpt2() -> tuple[Tokenizer, dict]:
    """Make one like GPT-2's. That it asks for BOS in tokenizer_config.json has no effect."""
    tokenizer = trained(pre_tokenizers.ByteLevel(add_prefix_space=False), 700)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    names = ("bos_token", "eos_token", "unk_token")
    return tokenizer, {name: "<|endoftext|>" for name in names} | {"add_bos_token": True}


def smollm() -> tuple[Tokenizer, dict]:
    """Make one like SmolLM2's, whose vocabulary lacks some bytes as well."""
    special = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
    pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer = trained(pre_tokenizer, 600, alphabet=False, special=special)
    return tokenizer, {
        "bos_token": "<|im_start|>",
        "eos_token": "<|im_end|>",
        "pad_token": "<|im_end|>",
        "unk_token": "<|endoftext|>",
    }


def llama3() -> tuple[Tokenizer, dict]:
    """Make one like Llama-3's: ignore_merges, and a token that no merges lead to."""
    tokenizer = trained(split(TIKTOKEN % r"\p{N}{1,3}"), 800)
    document = json.loads(tokenizer.to_str())
    model = document["model"]
    model["ignore_merges"] = True
    parts = {part for merge in model["merges"] for part in merge}
    merge = next(m for m in model["merges"] if len("".join(m)) > 3 and "".join(m) not in parts)
    model["merges"].remove(merge)
    tokenizer = Tokenizer.from_str(json.dumps(document))
    names = ["begin_of_text", "end_of_text", "start_header_id", "end_header_id", "eot_id"]
    tokenizer.add_special_tokens([f"<|{name}|>" for name in names])
    bos = "<|begin_of_text|>"
    tokenizer.post_processor = processors.Sequence(
        [
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single=f"{bos} $A",
                pair=f"{bos} $A {bos} $B:1",
                special_tokens=[(bos, tokenizer.token_to_id(bos))],
            ),
        ]
    )
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    eos = {"__type": "AddedToken", "content": "<|eot_id|>", **flags, "special": True}
    return tokenizer, {"bos_token": bos, "eos_token": eos}


def qwen2() -> tuple[Tokenizer, dict]:
    """Make one like Qwen2's."""
    tokenizer = trained(split(TIKTOKEN % r"\p{N}"), 750, normalizer=normalizers.NFC())
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer, {
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": None,
    }


def gpt4o() -> tuple[Tokenizer, dict]:
    """Make one like GPT-4o's and Phi-4-mini's."""
    pattern = CASED % (CONTRACTIONS, CONTRACTIONS, r"\p{N}{1,3}")
    tokenizer = trained(split(pattern), 700)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return tokenizer, {"eos_token": "<|endoftext|>"}


def tekken() -> tuple[Tokenizer, dict]:
    """Make one like Mistral's tekken."""
    tokenizer = trained(split(CASED % ("", "", r"\p{N}")), 700, ignore_merges=True)
    tokenizer.add_special_tokens(["<s>", "</s>"])
    tokenizer.post_processor = sentencepiece_style.template(tokenizer, "<s>")
    return tokenizer, {"bos_token": "<s>", "eos_token": "</s>"}


def gpt_neox() -> tuple[Tokenizer, dict]:
    """Make one like GPT-NeoX's, with runs of spaces as tokens that are looked for first."""
    tokenizer = trained(
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        650,
        special=("<|endoftext|>", "<|padding|>"),
        normalizer=normalizers.NFC(),
    )
    spaces = [AddedToken(" " * n, normalized=True) for n in range(8, 1, -1)]
    tokenizer.add_tokens(spaces)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    names = ("bos_token", "eos_token", "unk_token")
    return tokenizer, {name: "<|endoftext|>" for name in names}


def added() -> tuple[Tokenizer, dict]:
    """Make one with added tokens of all kinds, an unknown token, a prefix space, BOS and EOS."""
    tokenizer = trained(
        pre_tokenizers.ByteLevel(add_prefix_space=True),
        500,
        alphabet=False,
        special=("<unk>", "<|endoftext|>"),
        normalizer=normalizers.NFC(),
        unk_token="<unk>",
        fuse_unk=True,
    )
    tokenizer.add_tokens(
        [
            AddedToken("<left>", lstrip=True, normalized=False),
            AddedToken("<right>", rstrip=True, normalized=False, special=True),
            AddedToken("<both>", lstrip=True, rstrip=True),
            AddedToken("word", single_word=True, normalized=False),
            AddedToken("<long", normalized=False),
            AddedToken("<long>", normalized=False),
            AddedToken("<longest", normalized=False, special=True),
            AddedToken("<norm>ハe\u0301", normalized=True),
            AddedToken("カフェé", normalized=False),
            AddedToken("plaine\u0301あ", normalized=True),
            AddedToken("<|im_end|>", special=True, normalized=True),
        ]
    )
    eos = "<|endoftext|>"
    ids = [(name, tokenizer.token_to_id(name)) for name in (eos, "<right>")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"<right> $A {eos}", pair=None, special_tokens=ids
    )
    return tokenizer, {"eos_token": eos, "unk_token": "<unk>", "pad_token": "not a token"}


def smollm2(path: str) -> Tokenizer:
    """Make what SmolLM2's tokenizer.json holds, from the metadata of a GGUF file."""
    import gguf

    fields = gguf.GGUFReader(path).fields
    assert fields["tokenizer.ggml.pre"].contents() == "smollm"
    tokens = fields["tokenizer.ggml.tokens"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    control = gguf.TokenType.CONTROL
    tokenizer.add_special_tokens(
        [t for t, kind in zip(tokens, types, strict=True) if kind == control]
    )
    return tokenizer


def runs(ids: list[int]) -> list[int]:
    """Give ids and their repetitions, by turns."""
    return [n for id, run in itertools.groupby(ids) for n in (id, len(list(run)))]


def golden(tokenizer: Tokenizer) -> list[dict]:
    """Encode and decode TEXTS."""
    cases = []
    for entry in TEXTS:
        text, repeat = entry if isinstance(entry, tuple) else (entry, 1)
        encoding = text * repeat
        case = {"ids": runs(tokenizer.encode(encoding).ids)}
        bare = tokenizer.encode(encoding, add_special_tokens=False).ids
        case["bare"] = runs(bare)
        tokenizer.encode_special_tokens = True
        case["plain"] = runs(tokenizer.encode(encoding).ids)
        tokenizer.encode_special_tokens = False
        if repeat == 1:
            case["decoded"] = tokenizer.decode(bare, skip_special_tokens=False)
            case["skipped"] = tokenizer.decode(bare, skip_special_tokens=True)
        # What equals the field before it is left out.
        for key, other in (("skipped", "decoded"), ("plain", "bare"), ("bare", "ids")):
            if key in case and case[key] == case[other]:
                del case[key]
        cases.append(case)
    return cases


def write(path: Path, cases: dict[str, list[dict]]) -> None:
    """Write a golden file, a line a case."""
    texts = [
        {"text": entry[0], "repeat": entry[1]} if isinstance(entry, tuple) else {"text": entry}
        for entry in TEXTS
    ]
    lines = {
        name: [json.dumps(case, separators=(",", ":")) for case in of] for name, of in cases.items()
    }
    body = ",\n".join(f'"{name}": [\n' + ",\n".join(rows) + "\n]" for name, rows in lines.items())
    head = json.dumps({"versions": VERSIONS})[1:-1]
    rows = ",\n".join(json.dumps(text) for text in texts)
    path.write_text(f'{{{head},\n"texts": [\n{rows}\n],\n{body}\n}}\n')
    json.loads(path.read_text())


def main() -> None:
    """Write all fixtures and goldens."""
    cases = {}
    pieces = sentencepiece_style.pieces(TRAINING)
    makers = (gpt2, smollm, llama3, qwen2, gpt4o, tekken, gpt_neox, added)
    made = [(make.__name__, *make()) for make in makers]
    for make in sentencepiece_style.ALL:
        made.append((make.__name__, *make(pieces)))
    for name, tokenizer, config in made:
        folder = FIXTURES / name
        folder.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
        (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
        cases[name] = golden(tokenizer)
    texts = [e[0] * e[1] if isinstance(e, tuple) else e for e in TEXTS]
    for name, add_space in (("llama2", True), ("gemma", False)):
        tokenizer = next(t for n, t, _ in made if n == name)
        path = FIXTURES / name / "vocab.gguf"
        sentencepiece_style.write_gguf(path, tokenizer, add_space)
        cases[f"{name}.gguf"] = sentencepiece_style.llama_cpp_golden(path, texts, runs)
    write(HERE / "tokenizers.json", cases)
    if len(sys.argv) > 1:
        write(HERE / "smollm2_tokens.json", {"smollm2": golden(smollm2(sys.argv[1]))})


if __name__ == "__main__":
    main()
