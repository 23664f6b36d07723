"""Models of other families in realistic sizes, of random weights: scored, generated with, tuned.

Makes them by transformers, exports them by libadpo and quantizes them by llama.cpp to Q4_K_M, once.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import gguf
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

import cache
import commands
import peak as machine
import report
from bench import measure
from work import SCORED, Pairs

sys.path.insert(0, str(cache.ROOT / "bindings/python"))
sys.path.insert(0, str(cache.ROOT / "Tests/Golden"))

import adpo
from llama_gguf import llama_cpp_quantize

TOKENIZER = cache.ROOT / "Tests/Fixtures/families/qwen3"
PAIRS = Pairs(128, 128, 1)
CONTEXT = {"max_position_embeddings": 4096, "eos_token_id": 2, "pad_token_id": None}
SHAPES: dict[str, dict[str, Any]] = {
    # Qwen 2.5 0.5B.
    "qwen2": {
        "vocab_size": 151936,
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
    },
    # Phi-4-mini, of two thirds its width and its layers.
    "phi3": {
        "vocab_size": 100352,
        "hidden_size": 2048,
        "intermediate_size": 5632,
        "num_hidden_layers": 20,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "tie_word_embeddings": True,
    },
    # A mixture of 32 experts, 4 for each token.
    "qwen3_moe": {
        "vocab_size": 151936,
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "moe_intermediate_size": 512,
        "num_hidden_layers": 16,
        "num_attention_heads": 16,
        "num_key_value_heads": 4,
        "head_dim": 64,
        "num_experts": 32,
        "num_experts_per_tok": 4,
        "norm_topk_prob": True,
        "tie_word_embeddings": True,
    },
}


def make(family: str, target: Path) -> None:
    torch.manual_seed(0)
    config = AutoConfig.for_model(family, **CONTEXT, **SHAPES[family])
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        directory, whole = Path(folder) / "model", Path(folder) / "model.gguf"
        model.save_pretrained(directory)
        del model
        AutoTokenizer.from_pretrained(TOKENIZER).save_pretrained(directory)
        adpo.Model(directory).export(whole)
        llama_cpp_quantize(whole, target, gguf.LlamaFileType.MOSTLY_Q4_K_M, pure=False)


def row(family: str) -> list[str]:
    path = cache.FOLDER / f"{family}.Q4_K_M.gguf"
    cache.once(path, lambda part: make(family, part))
    scored = measure(commands.ours("score", path), 1)
    generated = measure(commands.ours("generate", path), 1)
    trained = measure(commands.ours_train(path, "auto", PAIRS), 1)
    return [
        family,
        f"{adpo.Model(path).info.parameters:,}",
        f"{path.stat().st_size * 1e-6:,.0f}",
        report.number(scored.rate),
        report.number(scored.peak_megabytes),
        report.number(generated.rate),
        report.number(trained.seconds),
        report.number(trained.peak_megabytes),
    ]


def main() -> None:
    head = ["shaped like", "parameters, Q4_K_M", "file, MB", f"scoring {SCORED} tokens, tokens/s"]
    head += ["peak memory, MB", "generation, tokens/s"]
    head += [f"s an update of 1 pair of {PAIRS.tokens} tokens", "peak memory, MB"]
    conditions = report.conditions("make bench-families", machine.measure(), [adpo.build_info()])
    table = report.table(head, [row(family) for family in SHAPES])
    report.publish("Families", f"{conditions}\n\n{table}")


if __name__ == "__main__":
    main()
