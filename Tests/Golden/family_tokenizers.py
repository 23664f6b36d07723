"""Small tokenizers, each a pipeline like that of the family's real models."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import gguf
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from tokenizers import models as tokenizer_models
from transformers import PreTrainedTokenizerFast

from make_models import CHAT_TEMPLATE, CORPUS, VOCABULARY

# The 256 bytes of byte fallback leave fewer than 64 of 320 for pieces.
SENTENCEPIECE_VOCABULARY = 384

QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

LLAMA_TEMPLATE = (
    "{% if messages[0]['role'] == 'system' %}{% set system = messages[0]['content'] %}"
    "{% set messages = messages[1:] %}{% endif %}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate user/assistant') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' }}"
    "{% if loop.first and system is defined %}"
    "{{ '<<SYS>>\n' + system + '\n<</SYS>>\n\n' }}{% endif %}"
    "{{ message['content'].strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'].strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
GEMMA_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
PHI3_TEMPLATE = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\n' + message['content'] "
    "+ '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)


@dataclass
class FamilyTokenizer:
    """A tokenizer, and what a GGUF file says of it."""

    tokenizer: PreTrainedTokenizerFast
    gguf_model: str
    gguf_pre: str
    add_bos: bool = False
    add_space_prefix: bool = False
    user_defined: tuple[str, ...] = ()

    def write(self, writer: gguf.GGUFWriter) -> None:
        """Adds the tokenizer.ggml.* metadata."""
        tokenizer = self.tokenizer
        tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        writer.add_tokenizer_model(self.gguf_model)
        writer.add_tokenizer_pre(self.gguf_pre)
        writer.add_token_list(
            [t.replace("▁", " ") if t in self.user_defined else t for t in tokens]
        )
        kinds = [self.kind(token) for token in tokens]
        writer.add_token_types(kinds)
        if self.gguf_model == "llama":
            writer.add_token_scores(scores(kinds))
        if self.gguf_model == "gpt2":
            merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
            writer.add_token_merges([" ".join(merge) for merge in merges])
        if tokenizer.bos_token is not None:
            writer.add_bos_token_id(tokenizer.bos_token_id)
        writer.add_eos_token_id(tokenizer.eos_token_id)
        if tokenizer.unk_token is not None:
            writer.add_unk_token_id(tokenizer.unk_token_id)
        if tokenizer.pad_token is not None:
            writer.add_pad_token_id(tokenizer.pad_token_id)
        writer.add_add_bos_token(self.add_bos)
        if self.gguf_model == "llama":
            writer.add_add_space_prefix(self.add_space_prefix)
        if tokenizer.chat_template is not None:
            writer.add_chat_template(tokenizer.chat_template)

    def kind(self, token: str) -> gguf.TokenType:
        """The type of a token, as SentencePiece and llama.cpp number them."""
        if self.gguf_model == "llama" and token == self.tokenizer.unk_token:
            return gguf.TokenType.UNKNOWN
        if token in self.user_defined:
            return gguf.TokenType.USER_DEFINED
        if token in self.tokenizer.get_added_vocab():
            return gguf.TokenType.CONTROL
        if self.gguf_model == "llama" and token.startswith("<0x") and token.endswith(">"):
            return gguf.TokenType.BYTE
        return gguf.TokenType.NORMAL


def scores(kinds: list[gguf.TokenType]) -> list[float]:
    """Of SentencePiece's BPE: the earlier a piece was merged, the higher its score."""
    pieces = 0
    values = []
    for kind in kinds:
        if kind == gguf.TokenType.NORMAL:
            values.append(-float(pieces))
            pieces += 1
        else:
            values.append(0.0 if kind == gguf.TokenType.BYTE else -1000.0)
    return values


def byte_level(
    normalizer: normalizers.Normalizer | None,
    pre_tokenizer: pre_tokenizers.PreTokenizer,
    special: list[str],
) -> Tokenizer:
    """Byte-level BPE, trained on the corpus."""
    tokenizer = Tokenizer(tokenizer_models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def sentencepiece(special: list[str], user_defined: list[str], last: list[str]) -> Tokenizer:
    """A BPE model with byte fallback, in the order of SentencePiece: special tokens, those defined
    by the user, bytes, pieces in the order of their merges, single characters."""
    taken = len(special) + len(user_defined) + 256 + len(last)
    trained = Tokenizer(tokenizer_models.BPE())
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trainer = trainers.BpeTrainer(vocab_size=SENTENCEPIECE_VOCABULARY - taken, show_progress=False)
    trained.train_from_iterator([" " + text.replace("\n", " ") for text in CORPUS], trainer)
    pieces = sorted(trained.get_vocab(), key=trained.get_vocab().get)
    merged = [piece for piece in pieces if len(piece) > 1]
    characters = [piece for piece in pieces if len(piece) == 1]
    tokens = [*special, *user_defined, *(f"<0x{byte:02X}>" for byte in range(256))]
    vocabulary = {token: i for i, token in enumerate([*tokens, *merged, *characters])}
    # Every way to join two pieces is a merge, the best-scored piece first, as transformers
    # converts SentencePiece's models; the user's pieces come before the others.
    known = {*user_defined, *merged, *characters}
    merges = [
        (piece[:cut], piece[cut:])
        for piece in [*user_defined, *merged]
        for cut in range(1, len(piece))
        if piece[:cut] in known and piece[cut:] in known
    ]
    return Tokenizer(
        tokenizer_models.BPE(
            vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True
        )
    )


def with_bos(tokenizer: Tokenizer, bos: str) -> None:
    """Puts the beginning-of-sequence token before every text."""
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A",
        pair=f"{bos} $A {bos}:1 $B:1",
        special_tokens=[(bos, tokenizer.token_to_id(bos))],
    )


def llama_pipeline(
    last: list[AddedToken] | None = None, stripping: Sequence[str] = ()
) -> Tokenizer:
    """Llama 2's: a space before the text, spaces as ▁, all of the text one word."""
    last = last or []
    tokenizer = sentencepiece(["<unk>", "<s>", "</s>"], [], [token.content for token in last])
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    tokenizer.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    tokenizer.add_special_tokens(
        [
            AddedToken(token, rstrip=token in stripping, normalized=False, special=True)
            for token in ("<unk>", "<s>", "</s>")
        ]
    )
    tokenizer.add_special_tokens(last)
    return tokenizer


def llama() -> FamilyTokenizer:
    tokenizer = llama_pipeline()
    with_bos(tokenizer, "<s>")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        chat_template=LLAMA_TEMPLATE,
    )
    return FamilyTokenizer(fast, "llama", "default", add_bos=True, add_space_prefix=True)


def phi3() -> FamilyTokenizer:
    names = ["<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>"]
    tokenizer = llama_pipeline(
        [
            # The real one takes the white space after these tokens, too.
            AddedToken(name, rstrip=name != "<|endoftext|>", normalized=False, special=True)
            for name in names
        ],
        stripping=["</s>"],
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="<|endoftext|>",
        unk_token="<unk>",
        pad_token="<|endoftext|>",
        chat_template=PHI3_TEMPLATE,
    )
    return FamilyTokenizer(fast, "llama", "default", add_space_prefix=True)


def gemma3() -> FamilyTokenizer:
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>"]
    user_defined = ["\n", "\n\n", "▁▁", "▁▁▁"]
    tokenizer = sentencepiece(special, user_defined, [])
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.add_special_tokens(
        [AddedToken(token, normalized=False, special=True) for token in special]
    )
    tokenizer.add_tokens([AddedToken(token, normalized=False) for token in user_defined])
    with_bos(tokenizer, "<bos>")
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<bos>",
        eos_token="<eos>",
        unk_token="<unk>",
        pad_token="<pad>",
        chat_template=GEMMA_TEMPLATE,
    )
    return FamilyTokenizer(fast, "llama", "default", add_bos=True, user_defined=tuple(user_defined))


def qwen3() -> FamilyTokenizer:
    splits = [
        pre_tokenizers.Split(Regex(QWEN2_PATTERN), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
    tokenizer = byte_level(
        normalizers.NFC(),
        pre_tokenizers.Sequence(splits),
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
    )
    return FamilyTokenizer(fast, "gpt2", "qwen2")


def gpt2() -> FamilyTokenizer:
    pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = byte_level(None, pre_tokenizer, ["<|endoftext|>"])
    end = "<|endoftext|>"
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=end, eos_token=end, unk_token=end
    )
    return FamilyTokenizer(fast, "gpt2", "gpt-2")


def gpt_neox() -> FamilyTokenizer:
    pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer = byte_level(normalizers.NFC(), pre_tokenizer, ["<|endoftext|>", "<|padding|>"])
    end = "<|endoftext|>"
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=end, eos_token=end, unk_token=end
    )
    # llama.cpp's converter calls this pre-tokenizer "olmo", whose regular expression is GPT-2's.
    return FamilyTokenizer(fast, "gpt2", "olmo")
