"""What is measured, the same for libadpo and for its peers: sizes, and random tokens.

Time does not depend on which tokens they are. With BENCH_QUICK=1 in the environment everything is
small: it shows that all parts run, and its figures mean nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

QUICK = bool(os.environ.get("BENCH_QUICK"))

# SmolLM2's and the synthetic models'. Gemma's is larger, so the ids are ordinary there too.
VOCABULARY = 49_152
SCORED = 32 if QUICK else 512
PROMPT = 16
GENERATED = 8 if QUICK else 128
LORA_RANK, LORA_ALPHA, LEARNING_RATE = 16, 32, 1e-4


@dataclass(frozen=True)
class Pairs:
    """Preference pairs by their numbers of tokens, so many in an update."""

    prompt: int
    response: int
    batch: int = 4

    @property
    def tokens(self) -> int:
        """In a pair, its prompt counted once."""
        return self.prompt + 2 * self.response


BALANCED = Pairs(16, 8) if QUICK else Pairs(128, 128)
PROMPT_HEAVY = Pairs(24, 4) if QUICK else Pairs(384, 32)
PROMPT_LIGHT = Pairs(8, 16) if QUICK else Pairs(16, 128)


def random_tokens(count: int, seed: int) -> np.ndarray:
    """Ids of ordinary tokens.  # [count]"""
    return np.random.default_rng(seed).integers(100, VOCABULARY, count, dtype=np.int32)


def random_pair(shape: Pairs, seed: int) -> list[np.ndarray]:
    """Prompt, chosen, rejected."""
    tokens = random_tokens(shape.tokens, seed)
    return np.split(tokens, [shape.prompt, shape.prompt + shape.response])
