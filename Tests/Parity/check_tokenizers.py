"""Text becomes the same tokens as with `tokenizers`, `sentencepiece`, `tiktoken` and llama.cpp.

    check_tokenizers.py [NUMBER OF TEXTS] [PART OF A KIND'S NAME]

Trains vocabularies of each kind, writes them as the files that models come with, and compares the
ids of random and adversarial texts. Then sees that time grows with the texts' length and no faster.
Writes the section "Tokenizers" of docs/parity.md.
"""

# ruff: noqa: RUF001 -- texts in many scripts are what this is about

from __future__ import annotations

import base64
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gguf
import llama_cpp
import sentencepiece
import tiktoken
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

import adpo
import tokenizer_patterns as patterns
from common import FIXTURES
from make_tokenizers import TEXTS, TRAINING
from report import TOO_FAR, publish, table, versions

BASE = FIXTURES / "models/llama-f32"
# The scripts, and blocks of others, from which random texts are made.
BLOCKS = [
    (0x20, 0x7F), (0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700),
    (0x900, 0xE80), (0x1100, 0x1200), (0x1E00, 0x2070), (0x2070, 0x2C00), (0x3000, 0x3100),
    (0x4E00, 0x5000), (0xAC00, 0xAD00), (0xF900, 0xFB50), (0xFB50, 0x10000), (0x1F1E6, 0x1F700),
    (0x0, 0x110000),
]  # fmt: skip
FRAGMENTS = [
    " ", "  ", "   ", "\n", "\r\n", "\t", " \n", "\n ", "\u00a0", "\u3000", "\u2028", "\u0085",
    "'s", "'S", "'ſ", "'ll", "'LL", "'re", "’s", "don't", "HTMLParser", "camelCase", "ǅ", "ʰ",
    "1", "12", "123", "1234567", "٣٤", "½", "Ⅷ", "²", "a", "B", "é", "e\u0301", "ß", "K", "ﬁ",
    "ﷺ",     "的", "漢字", "かな", "カナ", "한글", "ไทย", "हिन्दी", "مرحبا", "שלום", "Привет", "мир",
    "😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "\u200d", "\u200b", "\ufeff", "\u0000", "\ufffd", "▁",
    "▁▁",     "<|im_end|>", "<s>", "</s>", "<unk>", "<0x0A>", "//", "/\n", "...",
    "!!!", "=>", "$", "_", "-",
    "(a)", "[b]", "|", "。", "，", "، ", "the", " quick", "ing", "word", "\U0010ffff", "\u0378",
]  # fmt: skip


def texts(count: int) -> list[str]:
    """Give random and adversarial texts, the same each time."""
    rng = random.Random(7)
    known = [entry if isinstance(entry, str) else entry[0] * 50 for entry in TEXTS]
    words = [word for text in TRAINING for word in text.split(" ")]

    def character() -> str:
        while True:
            code = rng.randrange(*rng.choice(BLOCKS))
            if not 0xD800 <= code < 0xE000:
                return chr(code)

    def text() -> str:
        kind = rng.randrange(5)
        if kind == 0:
            return "".join(character() for _ in range(rng.randrange(1, 20)))
        if kind == 1:
            return rng.choice(FRAGMENTS) * rng.randrange(1, 70) + rng.choice(FRAGMENTS)
        if kind == 2:
            return " ".join(rng.choice(words) for _ in range(rng.randrange(1, 12)))
        parts = (rng.choice(FRAGMENTS) for _ in range(rng.randrange(1, 25)))
        if kind == 3:
            return "".join(parts)
        return "".join(character() if rng.random() < 0.3 else part for part in parts)

    return known + [text() for _ in range(count - len(known))]


# MARK: Models


def directory(root: Path, name: str, config: dict | None = None) -> Path:
    """Make a folder with a model, but no tokenizer."""
    folder = root / name
    folder.mkdir()
    for file in ("config.json", "model.safetensors"):
        shutil.copy(BASE / file, folder)
    (folder / "tokenizer_config.json").write_text(json.dumps(config or {}))
    return folder


def gguf_file(path: Path, write: Callable[[gguf.GGUFWriter], None]) -> Path:
    """Make a model with a tokenizer that `write` writes."""
    reader = gguf.GGUFReader(FIXTURES / "models/llama-f32.gguf")
    writer = gguf.GGUFWriter(path, "llama")
    for field in reader.fields.values():
        if field.name.startswith(("GGUF.", "tokenizer.", "general.architecture")):
            continue
        kind = field.types[0]
        sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=sub)
    write(writer)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def byte_level(split: list[str] | None = None) -> Tokenizer:
    """Train byte-level BPE whose tokens reach across words, so that every split counts."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=3000,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        max_token_length=12,
    )
    rng = random.Random(3)
    lines = ["".join(rng.choices(FRAGMENTS, k=12)) for _ in range(4000)]
    tokenizer.train_from_iterator(TRAINING * 3 + lines, trainer)
    if split is not None:
        tokenizer.pre_tokenizer = pipeline(split)
    return tokenizer


def pipeline(parts: list[str]) -> pre_tokenizers.PreTokenizer:
    """Make the pre-tokenizers of expressions, or of names of parts."""
    made = [
        pre_tokenizers.Digits(individual_digits=True)
        if part == "Digits"
        else pre_tokenizers.Split(Regex(part), "isolated")
        for part in parts
    ]
    byte = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([*made, byte])


# MARK: Kinds: a name, the others' encoder, our model

Kind = tuple[str, Callable[[list[str]], list[list[int]]], adpo.Model]


def huggingface(tokenizer: Tokenizer) -> Callable[[list[str]], list[list[int]]]:
    return lambda texts: [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]


def of_json(root: Path, name: str, tokenizer: Tokenizer) -> Kind:
    folder = directory(root, name)
    tokenizer.save(str(folder / "tokenizer.json"))
    return name, huggingface(tokenizer), adpo.Model(folder)


def of_gguf_pattern(root: Path, pre: str, tokenizer: Tokenizer, same: str) -> Kind:
    model = json.loads(tokenizer.to_str())["model"]

    def write(writer: gguf.GGUFWriter) -> None:
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(pre)
        writer.add_token_list(list(model["vocab"]))
        writer.add_token_types([gguf.TokenType.NORMAL] * len(model["vocab"]))
        writer.add_token_merges([" ".join(pair) for pair in model["merges"]])

    path = gguf_file(root / f"{pre}.gguf", write)
    name = f"GGUF {pre}" if same == pre else f"GGUF {pre} = {same}"
    return name, huggingface(tokenizer), adpo.Model(path)


def patterns_of_files(root: Path) -> Iterator[Kind]:
    tokenizer = byte_level()
    for name, parts in (patterns.EXPRESSIONS | patterns.OTHERS).items():
        tokenizer.pre_tokenizer = pipeline(parts)
        yield of_json(root, f"tokenizer.json {name}", Tokenizer.from_str(tokenizer.to_str()))
    for behavior in ("removed", "merged_with_previous", "merged_with_next", "contiguous"):
        for invert in (False, True):
            split = pre_tokenizers.Split(Regex(r"\s+|\p{L}{2}"), behavior, invert=invert)
            byte = pre_tokenizers.ByteLevel(add_prefix_space=True)
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, byte])
            name = f"tokenizer.json {behavior}{' inverted' * invert}"
            yield of_json(root, name, Tokenizer.from_str(tokenizer.to_str()))


def patterns_of_gguf(root: Path) -> Iterator[Kind]:
    tokenizer = byte_level()
    firsts: dict[tuple, str] = {}
    for pre, (parts, form, ignores) in patterns.GGUF.items():
        same = firsts.setdefault((parts, form, ignores), pre)
        document = json.loads(tokenizer.to_str())
        document["model"]["ignore_merges"] = ignores
        expected = Tokenizer.from_str(json.dumps(document))
        expected.pre_tokenizer = pipeline(patterns.EXPRESSIONS[parts])
        if form == "NFC":
            expected.normalizer = normalizers.NFC()
        yield of_gguf_pattern(root, pre, expected, same)


def normalizer_kinds(root: Path) -> Iterator[Kind]:
    tokenizer = byte_level(patterns.EXPRESSIONS["llama3"])
    cases = {
        "NFC": normalizers.NFC(),
        "NFD": normalizers.NFD(),
        "NFKC": normalizers.NFKC(),
        "NFKD": normalizers.NFKD(),
        "Lowercase": normalizers.Lowercase(),
        "Strip": normalizers.Strip(),
        "Replace": normalizers.Replace(Regex(" {2,}|[aA]+$"), "▁"),
        "Sequence": normalizers.Sequence(
            [normalizers.Prepend("x"), normalizers.Sequence([normalizers.NFC()])]
        ),
    }
    for name, normalizer in cases.items():
        tokenizer.normalizer = normalizer
        yield of_json(root, f"normalizer {name}", Tokenizer.from_str(tokenizer.to_str()))


def added_tokens(root: Path) -> Iterator[Kind]:
    tokenizer = byte_level(patterns.EXPRESSIONS["llama3"])
    tokenizer.normalizer = normalizers.NFC()
    flags = ("lstrip", "rstrip", "single_word", "normalized", "special")
    contents = ["<|im_end|>", "<s>", "</s>", "<unk>", "é", "word", "HTML", "12", "▁", "的"]
    rng = random.Random(5)
    tokenizer.add_tokens(
        [AddedToken(text, **{f: rng.random() < 0.4 for f in flags}) for text in contents]
    )
    yield of_json(root, "added tokens", tokenizer)


def trained_pieces(root: Path, name: str, **options: object) -> Path:
    """Train a tokenizer.model."""
    rng = random.Random(11)
    lines = TRAINING * 5 + ["".join(rng.choices(FRAGMENTS, k=10)) for _ in range(3000)]
    lines = [line.replace("\0", "").replace("\n", " ")[:2000] for line in lines]
    corpus = root / "corpus.txt"
    corpus.write_text("\n".join(line for line in lines if line.strip()))
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(root / name), vocab_size=900, minloglevel=2,
        character_coverage=0.98, hard_vocab_limit=False, max_sentence_length=20000, **options,
    )  # fmt: skip
    return root / f"{name}.model"


def of_sentencepiece(root: Path) -> Iterator[Kind]:
    cases = {
        "BPE": {"model_type": "bpe", "byte_fallback": True, "normalization_rule_name": "identity",
                "remove_extra_whitespaces": False},
        "BPE cleaned": {"model_type": "bpe", "byte_fallback": True},
        "BPE without bytes": {"model_type": "bpe", "add_dummy_prefix": False},
        "BPE split digits": {"model_type": "bpe", "byte_fallback": True, "split_digits": True,
                             "normalization_rule_name": "nfkc_cf"},
        "Unigram": {"model_type": "unigram"},
        "Unigram bytes": {"model_type": "unigram", "byte_fallback": True,
                          "normalization_rule_name": "identity", "remove_extra_whitespaces": False},
        "Unigram symbols": {"model_type": "unigram", "add_dummy_prefix": False,
                            "user_defined_symbols": ["<|im_end|>", "HTML"]},
        "Unigram prefixed symbols": {"model_type": "unigram", "byte_fallback": True,
                                     "user_defined_symbols": ["<|im_end|>", "word"]},
        "BPE symbols": {"model_type": "bpe", "add_dummy_prefix": False, "byte_fallback": True,
                        "user_defined_symbols": ["<|im_end|>", "HTML", "▁▁"],
                        "normalization_rule_name": "identity", "remove_extra_whitespaces": False},
    }  # fmt: skip
    for name, options in cases.items():
        path = trained_pieces(root, name.replace(" ", "_"), **options)
        folder = directory(root, f"tokenizer.model {name}")
        shutil.copy(path, folder / "tokenizer.model")
        processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
        yield f"tokenizer.model {name}", processor.encode, adpo.Model(folder)


def unigram(root: Path) -> Iterator[Kind]:
    """Unigram as tokenizer.json has it."""
    from sentencepiece import sentencepiece_model_pb2

    path = trained_pieces(root, "unigram_json", model_type="unigram")
    proto = sentencepiece_model_pb2.ModelProto.FromString(path.read_bytes())
    scores = [(piece.piece, piece.score) for piece in proto.pieces]
    space = pre_tokenizers.Metaspace(prepend_scheme="always")
    for name, fallback in (("Unigram", False), ("Unigram bytes", True)):
        extra = [(f"<0x{byte:02X}>", 0.0) for byte in range(256)] if fallback else []
        tokenizer = Tokenizer(models.Unigram(scores + extra, 0, byte_fallback=fallback))
        tokenizer.normalizer = normalizers.Sequence(
            [
                normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
                normalizers.Strip(left=False, right=True),
                normalizers.Replace(Regex(" {2,}"), "▁"),
            ]
        )
        tokenizer.pre_tokenizer = space
        tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
        yield of_json(root, f"tokenizer.json {name}", tokenizer)


def of_t5(root: Path) -> Iterator[Kind]:
    """Unigram as GGUF has it, beside llama.cpp."""
    from sentencepiece import sentencepiece_model_pb2

    path = trained_pieces(root, "t5", model_type="unigram", pad_id=3)
    proto = sentencepiece_model_pb2.ModelProto.FromString(path.read_bytes())

    def write(writer: gguf.GGUFWriter) -> None:
        writer.add_tokenizer_model("t5")
        writer.add_tokenizer_pre("default")
        writer.add_token_list([piece.piece for piece in proto.pieces])
        writer.add_token_scores([piece.score for piece in proto.pieces])
        writer.add_token_types([piece.type for piece in proto.pieces])
        writer.add_precompiled_charsmap(proto.normalizer_spec.precompiled_charsmap)
        writer.add_add_space_prefix(True)
        writer.add_remove_extra_whitespaces(True)
        writer.add_unk_token_id(0)
        writer.add_eos_token_id(2)
        writer.add_bos_token_id(1)
        writer.add_add_bos_token(False)
        writer.add_add_eos_token(False)

    file = gguf_file(root / "t5.gguf", write)
    llama = llama_cpp.Llama(str(file), vocab_only=True, verbose=False)

    def encode(texts: list[str]) -> list[list[int]]:
        return [llama.tokenize(text.encode(), add_bos=False, special=False) for text in texts]

    yield "GGUF t5 (llama.cpp)", encode, adpo.Model(file)


def of_other_files(root: Path) -> Iterator[Kind]:
    """vocab.json with merges.txt, and tekken.json."""
    tokenizer = byte_level()
    for name, parts in (("GPT2Tokenizer", "gpt-2"), ("Qwen2Tokenizer", "qwen2")):
        folder = directory(root, f"vocab.json {name}", {"tokenizer_class": name})
        tokenizer.model.save(str(folder))
        expected = Tokenizer.from_str(tokenizer.to_str())
        expected.pre_tokenizer = pipeline(patterns.EXPRESSIONS[parts])
        if parts == "qwen2":
            expected.normalizer = normalizers.NFC()
        yield f"vocab.json {name}", huggingface(expected), adpo.Model(folder)
    ranks = tekken_ranks(tokenizer)
    folder = directory(root, "tekken")
    pattern = patterns.EXPRESSIONS["tekken"][0]
    config = {
        "pattern": pattern,
        "default_vocab_size": 10 + len(ranks),
        "default_num_special_tokens": 10,
        "num_vocab_tokens": len(ranks),
        "version": "v3",
    }
    vocabulary = [
        {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
        for token, rank in ranks.items()
    ]
    (folder / "tekken.json").write_text(json.dumps({"config": config, "vocab": vocabulary}))
    encoding = tiktoken.Encoding(
        "tekken", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}
    )

    def encode(texts: list[str]) -> list[list[int]]:
        return [[10 + id for id in encoding.encode_ordinary(text)] for text in texts]

    yield "tekken.json (tiktoken)", encode, adpo.Model(folder)


def tekken_ranks(tokenizer: Tokenizer) -> dict[bytes, int]:
    """Give the bytes of tokens, single bytes first, in the order of merges."""
    table = byte_alphabet()
    tokens = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    longer = [bytes(table[c] for c in token) for token, _ in tokens if len(token) > 1]
    single = [bytes([byte]) for byte in range(256)]
    return {token: rank for rank, token in enumerate(single + longer)}


def byte_alphabet() -> dict[str, int]:
    """Give the byte that each character of GPT-2's alphabet stands for."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    table = {chr(byte): byte for byte in shown}
    hidden = [byte for byte in range(256) if byte not in shown]
    return table | {chr(0x100 + index): byte for index, byte in enumerate(hidden)}


KINDS = (
    patterns_of_files, patterns_of_gguf, normalizer_kinds, added_tokens, of_sentencepiece, unigram,
    of_t5, of_other_files,
)  # fmt: skip


# MARK: Checks


def compare(kind: Kind, samples: list[str]) -> list[str]:
    """Compare ids; of what differs, the first is shown."""
    name, encode, model = kind
    plain = "tokenizer.model" in name or "(" in name
    theirs = encode(samples)
    wrong = 0
    for text, expected in zip(samples, theirs, strict=True):
        ids = model.tokenize(text, add_special=False, parse_special=not plain).tolist()
        if ids != list(expected):
            wrong += 1
            if wrong <= 3:
                print(f"{name}: {text[:80]!a}\n  {ids[:40]}\n  {list(expected)[:40]}")
    print(f"{name}: {len(samples) - wrong} of {len(samples)}", flush=True)
    return [name, f"{len(samples) - wrong} of {len(samples)}{TOO_FAR if wrong else ''}"]


def growth(kind: Kind) -> list[str]:
    """See how much longer four times the text takes; four times, if time is linear."""
    name, _, model = kind
    rng = random.Random(1)
    noise = bytes(rng.randrange(256) for _ in range(1 << 18)).decode(errors="replace")
    worst = 0.0
    for unit in ("a", " ", "1", "\n", "👩‍👩‍👧‍👦", noise):
        text = unit * ((1 << 18) // len(unit.encode()) or 1)

        def seconds(text: str) -> float:
            start = time.process_time()
            model.tokenize(text, add_special=False)
            return time.process_time() - start

        short, long = (min(seconds(text * n) for _ in range(3)) for n in (1, 4))
        worst = max(worst, long / short)
    return [name, f"{worst:.1f}{TOO_FAR if worst > 10 else ''}"]


def main() -> None:
    """Compare all kinds."""
    arguments = sys.argv[1:]
    samples = texts(int(arguments[0]) if arguments else 10_000)
    wanted = arguments[1] if len(arguments) > 1 else ""
    agreement, times = [], []
    with tempfile.TemporaryDirectory() as root:
        for make in KINDS:
            if wanted and wanted not in make.__name__:
                continue
            for kind in make(Path(root)):
                # Other names for the same need fewer texts.
                chosen = samples[:500] if " = " in kind[0] else samples
                agreement.append(compare(kind, chosen))
                if len(agreement) % 8 == 1 or not kind[0].startswith(("GGUF", "tokenizer.json")):
                    times.append(growth(kind))
    body = (
        f"{versions('tokenizers', 'sentencepiece', 'tiktoken', 'llama_cpp_python')}. "
        "Texts, random and adversarial, that become the same ids:\n\n"
        + table(["tokenizer", "same ids"], agreement)
        + "\n\nTimes as long that four times the text takes, the worst of some texts:\n\n"
        + table(["tokenizer", "longer"], times)
    )
    publish("Tokenizers", body)


if __name__ == "__main__":
    main()
