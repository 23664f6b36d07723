"""Make tokenizers in other files than tokenizer.json, and Unigram, and what others make of texts.

    python make_tokenizer_files.py

Writes Fixtures/tokenizer_files and tokenizer_files.json: ids and texts by `sentencepiece` (of each
tokenizer.model), `tiktoken` (tekken.json) and `tokenizers` (vocab.json with merges.txt, Unigram and
patterns in tokenizer.json), without special tokens and without looking for any in texts.
"""

import base64
import io
import json
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import sentencepiece
import tiktoken
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

import tokenizer_patterns as patterns
from make_tokenizers import HERE, TEXTS, TRAINING, runs, trained

FIXTURES = HERE.parent / "Fixtures" / "tokenizer_files"
VERSIONS = {name: version(name) for name in ("sentencepiece", "tiktoken", "tokenizers")}

# What the character map of the fixtures does: a small part of SentencePiece's own.
RULES = {
    "\t": " ", "\n": " ", "\r": " ", "\u3000": " ", "\u00a0": " ", "\u00ad": "", "ﬁ": "fi",
    "ﷺ": "صلى الله عليه وسلم", "e\u0301": "é", "ｶ": "カ", "ｶﾞ": "ガ", "½": "1⁄2", "²": "2",
}  # fmt: skip


def trained_pieces(**options: object) -> bytes:
    """Train a tokenizer.model."""
    lines = [line for text in TRAINING for line in text.split("\n") if line.strip()]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines * 4), model_writer=model, vocab_size=420, minloglevel=2,
        character_coverage=0.98, hard_vocab_limit=False, num_threads=1, **options,
    )  # fmt: skip
    return model.getvalue()


def rules(folder: Path) -> str:
    """Write RULES as the trainer reads them."""
    path = folder / "rules.tsv"
    lines = [
        " ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target)
        for source, target in RULES.items()
    ]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def without_paths(model: bytes) -> bytes:
    """Leave the trainer's paths out."""
    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    proto.normalizer_spec.normalization_rule_tsv = ""
    return proto.SerializeToString(deterministic=True)


def golden(encode: Callable[[str], list[int]], decode: Callable[[list[int]], str]) -> list[dict]:
    """Encode TEXTS, and decode what has no unknown token."""
    cases = []
    for entry in TEXTS:
        text, repeat = entry if isinstance(entry, tuple) else (entry, 1)
        ids = list(encode(text * repeat))
        case = {"ids": runs(ids)}
        # Where SentencePiece removes spaces, it also removes marks that begin a decoded text.
        if repeat == 1 and 0 not in ids and "▁" not in text:
            case["decoded"] = decode(ids)
        cases.append(case)
    return cases


def sentencepiece_models() -> dict[str, list[dict]]:
    """Make each kind of tokenizer.model."""
    cases = {}
    exact = {"normalization_rule_name": "identity", "remove_extra_whitespaces": False}
    kinds = {
        "model_bpe": {"model_type": "bpe", "byte_fallback": True, **exact},
        "model_unigram": {"model_type": "unigram", "normalization_rule_tsv": "rules"},
        "model_unigram_bytes": {
            "model_type": "unigram", "byte_fallback": True, "add_dummy_prefix": False,
            "user_defined_symbols": ["<|im_end|>", "word"], **exact,
        },
    }  # fmt: skip
    for name, options in kinds.items():
        folder = FIXTURES / name
        folder.mkdir(parents=True)
        if "normalization_rule_tsv" in options:
            options["normalization_rule_tsv"] = rules(folder)
        model = without_paths(trained_pieces(**options))
        (folder / "rules.tsv").unlink(missing_ok=True)
        (folder / "tokenizer.model").write_bytes(model)
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        cases[name] = golden(processor.encode, processor.decode)
    return cases


def unigram() -> dict[str, list[dict]]:
    """Make Unigram as tokenizer.json has it, of the pieces of a tokenizer.model."""
    model = (FIXTURES / "model_unigram" / "tokenizer.model").read_bytes()
    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    scores = [(piece.piece, piece.score) for piece in proto.pieces]
    tokenizer = Tokenizer(models.Unigram(scores, 0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
            normalizers.Strip(left=False, right=True),
            normalizers.Replace(Regex(" {2,}"), "▁"),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    return {"json_unigram": of_tokenizers("json_unigram", tokenizer)}


def of_tokenizers(name: str, tokenizer: Tokenizer) -> list[dict]:
    """Write a tokenizer.json."""
    (FIXTURES / name).mkdir(parents=True)
    tokenizer.save(str(FIXTURES / name / "tokenizer.json"), pretty=False)

    def decode(ids: list[int]) -> str:
        return tokenizer.decode(ids, skip_special_tokens=False)

    return golden(lambda text: tokenizer.encode(text, add_special_tokens=False).ids, decode)


def pattern(parts: list[str]) -> pre_tokenizers.PreTokenizer:
    """Make the pre-tokenizers of expressions."""
    made = [
        pre_tokenizers.Digits(individual_digits=True)
        if part == "Digits"
        else pre_tokenizers.Split(Regex(part), "isolated")
        for part in parts
    ]
    byte = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return pre_tokenizers.Sequence([*made, byte])


def byte_level() -> Tokenizer:
    """Train byte-level BPE whose tokens reach across words, so that every split counts."""
    byte = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return trained(byte, 900)


def patterns_in_json() -> dict[str, list[dict]]:
    """Make tokenizers with expressions of different kinds."""
    cases = {}
    for name in ("deepseek-llm", "deepseek-v3", "tiny_aya", "kimi-k2", "cl100k"):
        tokenizer = byte_level()
        tokenizer.pre_tokenizer = pattern((patterns.EXPRESSIONS | patterns.OTHERS)[name])
        if name == "cl100k":
            tokenizer.normalizer = normalizers.NFKC()
        cases[f"json_{name}"] = of_tokenizers(f"json_{name}", tokenizer)
    return cases


def vocabulary_and_merges() -> dict[str, list[dict]]:
    """Make GPT-2's files."""
    tokenizer = byte_level()
    folder = FIXTURES / "vocab"
    folder.mkdir(parents=True)
    tokenizer.model.save(str(folder))
    tokenizer.pre_tokenizer = pattern(patterns.EXPRESSIONS["gpt-2"])
    return {"vocab": golden(lambda text: tokenizer.encode(text).ids, tokenizer.decode)}


def ranks(tokenizer: Tokenizer) -> dict[bytes, int]:
    """Give the bytes of tokens, single bytes first, in the order of merges."""
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in shown]
    table = {chr(byte): byte for byte in shown}
    table |= {chr(0x100 + index): byte for index, byte in enumerate(hidden)}
    tokens = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    longer = [bytes(table[c] for c in token) for token, _ in tokens if len(token) > 1]
    single = [bytes([byte]) for byte in range(256)]
    return {token: rank for rank, token in enumerate(single + longer)}


def tekken() -> dict[str, list[dict]]:
    """Make Mistral's file."""
    tokens = ranks(byte_level())
    special = 20
    expression = patterns.EXPRESSIONS["tekken"][0]
    config = {
        "pattern": expression,
        "num_vocab_tokens": len(tokens),
        "default_vocab_size": special + len(tokens),
        "default_num_special_tokens": special,
        "version": "v3",
    }
    vocabulary = [
        {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": None}
        for token, rank in tokens.items()
    ]
    folder = FIXTURES / "tekken"
    folder.mkdir(parents=True)
    document = json.dumps({"config": config, "vocab": vocabulary}, separators=(",", ":"))
    (folder / "tekken.json").write_text(document + "\n")
    encoding = tiktoken.Encoding(
        "tekken", pat_str=expression, mergeable_ranks=tokens, special_tokens={}
    )
    return {
        "tekken": golden(
            lambda text: [special + id for id in encoding.encode_ordinary(text)],
            lambda ids: encoding.decode([id - special for id in ids]),
        )
    }


def write(path: Path, cases: dict[str, list[dict]]) -> None:
    """Write the golden file, a line a case."""
    texts = [
        {"text": entry[0], "repeat": entry[1]} if isinstance(entry, tuple) else {"text": entry}
        for entry in TEXTS
    ]
    head = json.dumps({"versions": VERSIONS})[1:-1]
    lists = {"texts": texts} | cases
    body = ",\n".join(
        f'"{name}": [\n'
        + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        + "\n]"
        for name, rows in lists.items()
    )
    path.write_text(f"{{{head},\n{body}\n}}\n")


def main() -> None:
    """Write all fixtures and goldens."""
    shutil.rmtree(FIXTURES, ignore_errors=True)
    makers = (sentencepiece_models, unigram, patterns_in_json, vocabulary_and_merges, tekken)
    cases: dict[str, list[dict]] = {}
    for make in makers:
        cases |= make()
    write(HERE / "tokenizer_files.json", cases)


if __name__ == "__main__":
    main()
