"""Measure libadpo on one model: `python Benchmarks/measure.py WORK MODEL`, one JSON object.

Works: `score` (all log-probs of 512 tokens), `train` (updates on 4 pairs of 128 prompt and
128 + 128 response tokens, LoRA rank 16), `generate` (128 tokens after a prompt of 16), `first`
(start of the process to the first log-prob; run it in a fresh process). Tokens are random: time
does not depend on them.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bindings/python"))

PROCESS_START = time.perf_counter()

import numpy as np  # noqa: E402

import adpo  # noqa: E402

PAIRS, PROMPT, RESPONSE = 4, 128, 128


def random_tokens(model: adpo.Model, count: int, seed: int) -> np.ndarray:
    """Random ids of the model's vocabulary.  # [count]"""
    return np.random.default_rng(seed).integers(0, model.info.vocabulary, count, dtype=np.int32)


def best_seconds(work: Callable[[], object], repeats: int) -> float:
    """Shortest time of several, after one that does not count."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def measure_score(model: adpo.Model) -> dict[str, float]:
    session = adpo.Session(model)
    tokens = random_tokens(model, 512, seed=0)
    seconds = best_seconds(lambda: session.score(tokens), repeats=5)
    return {"tokens_per_second": len(tokens) / seconds}


def measure_generate(model: adpo.Model) -> dict[str, float]:
    session = adpo.Session(model)
    prompt = random_tokens(model, 16, seed=0)
    count = 0

    def generate() -> None:
        nonlocal count
        count = len(session.generate(prompt, max_tokens=128, temperature=1.0, seed=1).tokens)

    seconds = best_seconds(generate, repeats=3)
    return {"tokens_per_second": count / seconds, "tokens": count}


def measure_train(model: adpo.Model) -> dict[str, float]:
    pairs = adpo.Dataset(model)
    for pair in range(PAIRS):
        tokens = random_tokens(model, PROMPT + 2 * RESPONSE, seed=pair)
        pairs.add_tokens(*np.split(tokens, [PROMPT, PROMPT + RESPONSE]))
    trainer = adpo.Trainer(model, pairs, "token", epochs=4, batch_size=PAIRS, learning_rate=1e-4)
    first, *rest = [metrics.seconds for metrics in trainer]
    return {"first_step_seconds": first, "step_seconds": min(rest)}


def measure_first(model: adpo.Model) -> dict[str, float]:
    adpo.Session(model).score([1, 2])
    return {"seconds": time.perf_counter() - PROCESS_START}


WORKS = {
    "score": measure_score,
    "train": measure_train,
    "generate": measure_generate,
    "first": measure_first,
}


def main() -> None:
    if len(sys.argv) != 3 or sys.argv[1] not in WORKS:
        sys.exit(__doc__)
    model = adpo.Model(sys.argv[2])
    result = WORKS[sys.argv[1]](model)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**result, "peak_memory_mb": memory, "build": adpo.build_info()}))


main()
