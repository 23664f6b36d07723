"""Measure transformers: a worker of turns.py.

python peer_transformers.py score|generate|first DIRECTORY f32|bf16
"""

from __future__ import annotations

import os
import sys
import time
from importlib.metadata import version
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from turns import Worker
from work import GENERATED, PROMPT, SCORED, random_tokens

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16}


def logprobs(model: PreTrainedModel, tokens: torch.Tensor) -> torch.Tensor:
    """Of each token but the first.  # [1, tokens] -> [tokens - 1]"""
    logits = model(input_ids=tokens, use_cache=False).logits[0, :-1].float()
    return -torch.nn.functional.cross_entropy(logits, tokens[0, 1:], reduction="none")


def score(worker: Worker, model: PreTrainedModel) -> None:
    tokens = torch.tensor(random_tokens(SCORED, seed=0)[None], dtype=torch.long)

    def work() -> dict[str, Any]:
        logprobs(model, tokens)
        return {"count": SCORED}

    worker.repeat(work)


class Clock:
    """A streamer that only notes when each piece arrives; the first is the prompt."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, _: torch.Tensor) -> None:
        self.times.append(time.perf_counter())

    def end(self) -> None:
        pass


def generate(worker: Worker, model: PreTrainedModel) -> None:
    prompt = torch.tensor(random_tokens(PROMPT, seed=0)[None], dtype=torch.long)

    def work() -> dict[str, Any]:
        clock = Clock()
        model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            do_sample=False,
            min_new_tokens=GENERATED,
            max_new_tokens=GENERATED,
            streamer=clock,
        )
        _, *times = clock.times
        return {"count": len(times) - 1, "seconds": times[-1] - times[0]}

    worker.repeat(work)


def first(worker: Worker, model: PreTrainedModel) -> None:
    logprobs(model, torch.tensor([[1, 2]])).item()
    worker.answer(done=time.monotonic())


WORKS = {work.__name__: work for work in (score, generate, first)}


def main() -> None:
    work, directory, dtype = sys.argv[1:]
    worker = Worker()
    torch.set_num_threads(os.cpu_count() or 1)
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=DTYPES[dtype]).eval()
    with torch.inference_mode():
        WORKS[work](worker, model)
    worker.end(version=f"transformers {version('transformers')}, torch {version('torch')}")


main()
