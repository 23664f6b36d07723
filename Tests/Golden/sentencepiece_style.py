"""Tiny tokenizers in the style of SentencePiece's BPE, as transformers converts them.

transformers' `convert_slow_tokenizer` makes these pipelines of Llama 2's, Mistral's, Phi-3's and
Gemma's files; its `generate_merges` lists the merges.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import gguf
import llama_cpp
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers.convert_slow_tokenizer import generate_merges

SPACE = "▁"
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]
SPACES = [SPACE * n for n in (2, 3, 4, 8, 16)]


def pieces(texts: Sequence[str]) -> list[str]:
    """Learn pieces: those that merges make in their order, then single characters."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always")
    trainer = trainers.BpeTrainer(vocab_size=560, show_progress=False)
    tokenizer.train_from_iterator(list(texts) * 2, trainer)
    learned = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    # Some characters are left to the bytes.
    known = [token for token, _ in learned if not set(token) & set("人工智能วันم\n\rÜ😀")]
    return [*SPACES, *sorted(known, key=lambda token: len(token) == 1)]


def scored(heads: list[str], learned: list[str]) -> dict[str, float]:
    """Give each token its score: what is learned first is merged first."""
    scores = dict.fromkeys(heads, 0.0)
    fresh = [token for token in learned if token not in scores]
    return scores | {token: -float(index) for index, token in enumerate(fresh)}


def model(scores: dict[str, float], **options: object) -> Tokenizer:
    """Make the BPE model of a vocabulary with scores."""
    vocabulary = {token: index for index, token in enumerate(scores)}
    merges = generate_merges(vocabulary, scores)
    options = {"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True} | options
    return Tokenizer(models.BPE(vocabulary, merges, **options))


def template(tokenizer: Tokenizer, bos: str) -> processors.TemplateProcessing:
    """Begin each text with BOS."""
    return processors.TemplateProcessing(
        single=f"{bos} $A",
        pair=f"{bos} $A {bos} $B:1",
        special_tokens=[(bos, tokenizer.token_to_id(bos))],
    )


def decoder(add_space: bool) -> decoders.Decoder:
    """Make the decoder of Llama's, or without the space that begins texts Gemma's."""
    steps = [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    return decoders.Sequence([*steps, decoders.Strip(" ", 1, 0)] if add_space else steps)


def llama2(learned: list[str]) -> tuple[Tokenizer, dict]:
    """Make one like Llama 2's, TinyLlama's and Mistral's first."""
    tokenizer = model(scored(["<unk>", "<s>", "</s>", *BYTES], learned))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)]
    )
    tokenizer.decoder = decoder(add_space=True)
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False) for token in ("<unk>", "<s>", "</s>")]
    )
    tokenizer.post_processor = template(tokenizer, "<s>")
    return tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


def mistral(learned: list[str]) -> tuple[Tokenizer, dict]:
    """Make one like those of Mistral's and Mixtral's later files."""
    tokenizer, config = llama2(learned)
    tokenizer.normalizer = None
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement=SPACE, prepend_scheme="first", split=False
    )
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False) for token in ("[INST]", "[/INST]")]
    )
    return tokenizer, config


def phi3(learned: list[str]) -> tuple[Tokenizer, dict]:
    """Make one like Phi-3's, whose added tokens take the white space behind them."""
    tokenizer, config = llama2(learned)
    tokenizer.add_special_tokens(
        [
            AddedToken(token, normalized=False, rstrip=True)
            for token in ("<|endoftext|>", "<|im_end|>", "<|im_start|>")
        ]
    )
    return tokenizer, config


def gemma(learned: list[str]) -> tuple[Tokenizer, dict]:
    """Make one like Gemma's, with user-defined tokens of white space and HTML."""
    own = ["\n", "\n\n", "\n\n\n", "\t", *SPACES, "<h1>", "</h1>", "[multimodal]"]
    heads = ["<pad>", "<eos>", "<bos>", "<unk>", *own, "<start_of_turn>", "<end_of_turn>", *BYTES]
    tokenizer = model(scored(heads, learned))
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoder(add_space=False)
    tokenizer.add_special_tokens(
        [
            AddedToken(token, normalized=False)
            for token in ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
        ]
    )
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in own])
    tokenizer.post_processor = template(tokenizer, "<bos>")
    names = {"bos_token": "<bos>", "eos_token": "<eos>"}
    return tokenizer, names | {"pad_token": "<pad>", "unk_token": "<unk>"}


def metaspace(learned: list[str]) -> tuple[Tokenizer, dict]:
    """Make one with words, without byte fallback and with the decoder Metaspace."""
    scores = scored(["<unk>", "<s>", "</s>"], [t for t in learned if t not in SPACES])
    tokenizer = model(scores, byte_fallback=False, fuse_unk=False)
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Strip(left=False, right=True), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement=SPACE, prepend_scheme="always"),
            pre_tokenizers.Split("o", "isolated"),
            pre_tokenizers.Split("e", "merged_with_next"),
            pre_tokenizers.Split(",", "contiguous"),
            pre_tokenizers.Split("#", "removed"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement=SPACE, prepend_scheme="always")
    tokenizer.add_special_tokens([AddedToken(token, normalized=False) for token in ("<s>", "</s>")])
    return tokenizer, {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}


ALL = (llama2, mistral, phi3, gemma, metaspace)


def write_gguf(path: Path, tokenizer: Tokenizer, add_space: bool) -> None:
    """Write a GGUF file without tensors, with a tokenizer as llama.cpp's converter writes it."""
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    added = tokenizer.get_added_tokens_decoder()
    tokens, types, scores = [], [], []
    for token, index in vocabulary:
        kind = gguf.TokenType.NORMAL
        text = token
        if index in added:
            kind = gguf.TokenType.USER_DEFINED
            if added[index].special:
                kind = gguf.TokenType.CONTROL
            if token == "<unk>":
                kind = gguf.TokenType.UNKNOWN
            text = token.replace(SPACE, " ")
        elif token in BYTES:
            kind = gguf.TokenType.BYTE
        tokens.append(text.encode())
        types.append(kind)
        scores.append(0.0 if kind != gguf.TokenType.NORMAL else -float(index))
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_vocab_size(len(tokens))
    writer.add_context_length(512)
    writer.add_embedding_length(8)
    writer.add_block_count(1)
    writer.add_feed_forward_length(8)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(types)
    bos, eos = ("<s>", "</s>") if "<s>" in tokenizer.get_vocab() else ("<bos>", "<eos>")
    writer.add_bos_token_id(tokenizer.token_to_id(bos))
    writer.add_eos_token_id(tokenizer.token_to_id(eos))
    writer.add_unk_token_id(tokenizer.token_to_id("<unk>"))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(add_space)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


def llama_cpp_golden(path: Path, texts: list[str], runs: Callable) -> list[dict]:
    """Give the ids that llama.cpp gives."""
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)

    def ids(text: str, **options: bool) -> list[int]:
        return runs(model.tokenize(text.encode(), **options))

    return [
        {
            "ids": ids(text, add_bos=True, special=True),
            "bare": ids(text, add_bos=False, special=True),
            "plain": ids(text, add_bos=True, special=False),
        }
        for text in texts
    ]
