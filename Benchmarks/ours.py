"""Measure libadpo: a worker of turns.py.

python ours.py score|train|generate|first|tokenize MODEL [--dtype f32|bf16|auto] ...
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bindings/python"))

import adpo
from text import corpus
from turns import Worker
from work import (
    BALANCED,
    GENERATED,
    LEARNING_RATE,
    LORA_ALPHA,
    LORA_RANK,
    PROMPT,
    SCORED,
    Pairs,
    random_pair,
    random_tokens,
)


def score(worker: Worker, model: adpo.Model, options: argparse.Namespace) -> None:
    """All log-probs of one sequence."""
    session = adpo.Session(model, dtype=options.dtype)
    tokens = random_tokens(SCORED, seed=0)

    def work() -> dict[str, Any]:
        session.score(tokens)
        return {"count": SCORED}

    worker.repeat(work)


def generate(worker: Worker, model: adpo.Model, options: argparse.Namespace) -> None:
    """From the first new token to the last; the prompt is not counted."""
    session = adpo.Session(model, dtype=options.dtype)
    prompt = random_tokens(PROMPT, seed=0)

    def work() -> dict[str, Any]:
        times: list[float] = []
        session.generate(
            prompt,
            max_tokens=GENERATED,
            temperature=1.0,
            seed=1,
            on_token=lambda *_: times.append(time.perf_counter()),
        )
        return {"count": len(times) - 1, "seconds": times[-1] - times[0]}

    worker.repeat(work)


def make_trainer(model: adpo.Model, options: argparse.Namespace) -> adpo.Trainer:
    """A trainer that goes on for longer than anybody measures."""
    shape = Pairs(options.prompt, options.response, options.batch)
    pairs = adpo.Dataset(model)
    for seed in range(options.pairs):
        pairs.add_tokens(*random_pair(shape, seed))
    adapter: dict[str, Any] = {"lora_rank": LORA_RANK, "lora_alpha": LORA_ALPHA}
    if options.start:
        adapter = {"start": model.load_adapter(options.start)}
    return adpo.Trainer(
        model,
        pairs,
        **adapter,
        epochs=1000,
        batch_size=shape.batch,
        max_length=8192,
        activation_memory=options.activations,
        shuffle=False,
        learning_rate=LEARNING_RATE,
        schedule="constant",
        dtype=options.dtype,
    )


def train(worker: Worker, model: adpo.Model, options: argparse.Namespace) -> None:
    """Updates by DPO. With more pairs than a batch, their reference log-probs are computed too."""
    trainer = make_trainer(model, options)

    def work() -> dict[str, Any]:
        metrics = trainer.step()
        return {"count": metrics.pairs, "loss": metrics.loss}

    worker.repeat(work)


def first(worker: Worker, model: adpo.Model, options: argparse.Namespace) -> None:
    """The first log-prob of a text in a process, and when it was there."""
    adpo.Session(model, dtype=options.dtype).score_text("The sky is", " blue.")
    worker.answer(done=time.monotonic())


def tokenize(worker: Worker, model: adpo.Model, options: argparse.Namespace) -> None:
    text = corpus()

    def work() -> dict[str, Any]:
        return {"count": len(text.encode()) * 1e-6, "tokens": len(model.tokenize(text))}

    worker.repeat(work)


WORKS = {work.__name__: work for work in (score, generate, train, first, tokenize)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=WORKS)
    parser.add_argument("model")
    parser.add_argument("--dtype", choices=("f32", "bf16", "auto"), default="auto")
    parser.add_argument("--prompt", type=int, default=BALANCED.prompt)
    parser.add_argument("--response", type=int, default=BALANCED.response)
    parser.add_argument("--batch", type=int, default=BALANCED.batch)
    parser.add_argument("--pairs", type=int, default=BALANCED.batch, help="in the dataset")
    parser.add_argument("--activations", type=int, help="bytes of them that are kept")
    parser.add_argument("--start", help="adapter to start from")
    options = parser.parse_args()
    worker = Worker()
    started = time.monotonic()
    model = adpo.Model(options.model)
    loaded = time.monotonic() - started
    WORKS[options.work](worker, model, options)
    worker.end(
        load_seconds=loaded,
        weight_bytes=model.info.weight_bytes,
        parameters=model.info.parameters,
        version=adpo.version(),
        build=adpo.build_info(),
    )


main()
