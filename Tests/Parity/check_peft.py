"""peft loads what libadpo saves, and transformers then gives the same log-probs.

Tunes an adapter of each kind on a tiny model, from the Hugging Face directory and from the GGUF
file of the same weights, saves it, loads it with peft, compares, and writes the section
"Adapters" of docs/parity.md.
"""

import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from peft import PeftModel

import adpo
from common import FIXTURES, MODELS, all_logits, load_model, logprobs_of
from report import cell, publish, table, versions

TOLERANCE = 2e-4
KINDS: dict[str, dict[str, Any]] = {
    "LoRA": {},
    "rsLoRA, chosen modules": {
        "use_rslora": True,
        "target_modules": ["v_proj", "model.layers.1.mlp.*", "0.self_attn.q_proj"],
    },
    "DoRA, dropout": {"use_dora": True, "lora_dropout": 0.1},
}


def tune(path: Path, output: Path, kind: dict[str, Any]) -> None:
    """Save an adapter of the model that differs clearly from none."""
    model = adpo.Model(path)
    pairs = adpo.Dataset(model)
    pairs.load_jsonl(FIXTURES / "pairs.jsonl")
    trainer = adpo.Trainer(
        model,
        pairs,
        adpo.Objective("adaptive:2"),
        epochs=4,
        learning_rate=1e-2,
        lora_rank=4,
        **kind,
    )
    for _ in trainer:
        pass
    trainer.adapter().save(output)


def peft_logprobs(adapter: Path, tokens: list[int]) -> np.ndarray:
    """log p of each token but the first, by transformers with peft.  # [tokens - 1]"""
    model = PeftModel.from_pretrained(load_model(MODELS / "llama-f32"), adapter).eval()
    return logprobs_of(all_logits(model, tokens), tokens).numpy()


def main() -> None:
    tokens = np.random.default_rng(0).integers(0, 320, 60, dtype=np.int32)
    rows = []
    for name, kind in product(("llama-f32", "llama-f32.gguf"), KINDS):
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "adapter"
            tune(MODELS / name, output, KINDS[kind])
            model = adpo.Model(MODELS / name)
            session = adpo.Session(model)
            plain = session.score(tokens)[1:]
            session.set_adapter(model.load_adapter(output))
            ours = session.score(tokens)[1:]
            difference = np.abs(ours - peft_logprobs(output, tokens.tolist())).max()
            moved = np.abs(ours - plain).max()
        ok = difference < TOLERANCE and moved > 0.1
        rows.append((name, kind, cell(difference, ok), f"{moved:.1e}"))
    publish(
        "Adapters",
        f"{versions('transformers', 'peft', 'torch')}. peft loads what libadpo tuned and saved: "
        "the largest difference of log-probs from ours, and how much the adapter moves them. "
        f"Differences up to {TOLERANCE:g} pass.\n\n"
        + table(("model", "adapter", "difference", "moved by the adapter"), rows),
    )


main()
