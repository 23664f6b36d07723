"""Weights of rejected tokens by contrastive estimation (arXiv 2411.19943), from two peft adapters.

log s_t = (1 + b) log Ppos(y_t) - b log Pneg(y_t) - log Z, and Z sums the same over the vocabulary;
the weight is 1 - s_t. The log-probs are float32, the rest float64.
"""

import functools
from typing import Any

import torch
from peft import PeftModel

from common import (
    ADAPTERS,
    GOLDEN,
    MODELS,
    load_model,
    numbers,
    random_tokens,
    versions,
    write_json,
)

MODEL, POSITIVE, NEGATIVE = "llama-f32", "llama-f32-lora", "llama-f32-rslora"
LENGTHS = [(10, 13, 8), (1, 2, 90), (70, 1, 1)]


@functools.cache
def load(adapter: str) -> PeftModel:
    return PeftModel.from_pretrained(load_model(MODELS / MODEL), ADAPTERS / adapter).eval()


def log_probs(adapter: str, tokens: list[int], count: int) -> torch.Tensor:
    """log p of every token of the vocabulary at the last `count` places.  # [count, vocabulary]"""
    with torch.no_grad():
        logits = load(adapter)(input_ids=torch.tensor([tokens]), use_cache=False).logits[0]
    return torch.log_softmax(logits[-count - 1 : -1], dim=-1).double()


def likely(prompt: list[int], count: int) -> list[int]:
    """Tokens of which most are the best of one of the two models, so that s is not about 0."""
    tokens = list(prompt)
    for index, other in enumerate(random_tokens(51 + count, count)):
        adapter = (POSITIVE, NEGATIVE)[index % 2]
        best = int(log_probs(adapter, [*tokens, 0], 1).argmax())
        tokens.append(other if index % 5 == 4 else best)
    return tokens[len(prompt) :]


def make_pair(index: int, prompt: int, chosen: int, rejected: int) -> dict[str, list[int]]:
    tokens = random_tokens(31 + index, prompt)
    return {
        "prompt": tokens,
        "chosen": random_tokens(41 + index, chosen),
        "rejected": likely(tokens, rejected),
    }


def weights(pair: dict[str, list[int]], b: float) -> torch.Tensor:
    rejected = torch.tensor(pair["rejected"]).unsqueeze(1)
    positive, negative = (
        log_probs(adapter, pair["prompt"] + pair["rejected"], len(rejected))
        for adapter in (POSITIVE, NEGATIVE)
    )
    estimate = (1 + b) * positive - b * negative
    log_z = torch.logsumexp(estimate, dim=-1, keepdim=True)
    return 1 - torch.exp(estimate.gather(1, rejected) - log_z).squeeze(1)


def main() -> None:
    pairs = [make_pair(index, *lengths) for index, lengths in enumerate(LENGTHS)]
    cases: list[dict[str, Any]] = [
        {"b": b, "weights": [numbers(weights(pair, b)) for pair in pairs]} for b in (0.0, 0.5, 1.0)
    ]
    write_json(
        GOLDEN / "contrastive.json",
        {
            "versions": versions("torch", "transformers", "peft"),
            "model": f"models/{MODEL}",
            "positive": f"adapters/{POSITIVE}",
            "negative": f"adapters/{NEGATIVE}",
            "pairs": pairs,
            "cases": cases,
        },
    )


if __name__ == "__main__":
    main()
