"""Make the models of bench-peers from SmolLM2's Q4_1 file, where they are missing.

F32 and BF16 as Hugging Face directories; F32, BF16 and Q8_0 as GGUF files; a small synthetic model
in Q4_K, since SmolLM2's width of 576 is no multiple of 256: of its matrices llama.cpp makes Q5_0
when asked for Q4_K. And an adapter to start from.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gguf
import llama_cpp
import torch

import synthetic
from cache import DIRECTORIES, FILES, ROOT, START, once, smollm2
from work import LORA_ALPHA, LORA_RANK, Pairs, random_pair

# The bindings first: Tests/Golden has an adpo.py of its own.
sys.path[:0] = [str(ROOT / "bindings/python"), str(ROOT / "Tests/Golden")]


def make_directory(source: Path, target: Path, dtype: torch.dtype) -> None:
    from transformers import PreTrainedTokenizerFast

    from llama_gguf import read_llama
    from make_tokenizers import smollm2 as read_tokenizer

    read_llama(source).to(dtype).save_pretrained(target)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=read_tokenizer(str(source)),
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|im_end|>",
        unk_token="<|endoftext|>",
    )
    tokenizer.save_pretrained(target)


def make_file(source: Path, target: Path, kind: gguf.LlamaFileType) -> None:
    from llama_gguf import llama_cpp_quantize

    llama_cpp_quantize(source, target, kind)


def make_start(source: Path, target: Path) -> None:
    import adpo

    model = adpo.Model(source)
    pairs = adpo.Dataset(model)
    pairs.add_tokens(*random_pair(Pairs(2, 2), seed=0))
    trainer = adpo.Trainer(model, pairs, lora_rank=LORA_RANK, lora_alpha=LORA_ALPHA, seed=0)
    trainer.adapter().save(target)


def main() -> None:
    source = smollm2()
    llama_cpp.llama_log_set(llama_cpp.llama_log_callback(lambda *_: None), None)
    kinds = gguf.LlamaFileType
    types = {"F32": kinds.ALL_F32, "BF16": kinds.MOSTLY_BF16, "Q8_0": kinds.MOSTLY_Q8_0}
    for name, path in FILES.items():
        once(path, lambda part, name=name: make_file(source, part, types[name]))
    dtypes = {"F32": torch.float32, "BF16": torch.bfloat16}
    for name, path in DIRECTORIES.items():
        once(path, lambda part, name=name: make_directory(source, part, dtypes[name]))
    once(START, lambda part: make_start(source, part))
    synthetic.make("small")


if __name__ == "__main__":
    main()
