"""peft loads what libadpo saves, and transformers then gives the same log-probs.

Tunes an adapter of each kind on a tiny model, from the Hugging Face directory and from the GGUF
file of the same weights, saves it, loads it with peft, and compares. `make parity` runs it in an
environment of its own.
"""

import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import PeftModel
from transformers import LlamaForCausalLM

TESTS = Path(__file__).resolve().parent.parent
MODELS = TESTS / "Fixtures/models"
sys.path.insert(0, str(TESTS.parent / "bindings/python"))

import adpo  # noqa: E402

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
    pairs.load_jsonl(TESTS / "Fixtures/pairs.jsonl")
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


def peft_logprobs(adapter: Path, tokens: np.ndarray) -> np.ndarray:
    """log p of each token but the first, by transformers with peft.  # [tokens - 1]"""
    base = LlamaForCausalLM.from_pretrained(MODELS / "llama-f32", dtype=torch.float32)
    model = PeftModel.from_pretrained(base, adapter).eval()
    ids = torch.from_numpy(tokens.astype(np.int64))
    with torch.no_grad():
        logprobs = torch.log_softmax(model(ids[None]).logits[0, :-1], dim=-1)
    return logprobs.gather(1, ids[1:, None])[:, 0].numpy()


def main() -> None:
    tokens = np.random.default_rng(0).integers(0, 320, 60, dtype=np.int32)
    failed = 0
    cases = list(product(("llama-f32", "llama-f32.gguf"), KINDS))
    for name, kind in cases:
        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "adapter"
            tune(MODELS / name, output, KINDS[kind])
            model = adpo.Model(MODELS / name)
            session = adpo.Session(model)
            plain = session.score(tokens)[1:]
            session.set_adapter(adpo.Adapter.load(model, output))
            ours = session.score(tokens)[1:]
            difference = np.abs(ours - peft_logprobs(output, tokens)).max()
            moved = np.abs(ours - plain).max()
        ok = difference < TOLERANCE and moved > 0.1
        failed += not ok
        print(
            f"{name}, {kind}: differs by {difference:.1e} from peft; the adapter moved {moved:.1e}"
        )
    print(f"{len(cases) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
