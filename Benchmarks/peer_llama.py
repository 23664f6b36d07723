"""Measure llama.cpp by way of llama-cpp-python: a worker of turns.py.

python peer_llama.py score|generate|first MODEL.gguf

It is called as directly as it can be, and its log-probs are left out: it has done its work when
the logits are there. Nothing is subtracted from libadpo's time, which includes the log-probs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import llama_cpp
import numpy as np

from turns import Worker
from work import GENERATED, PROMPT, SCORED, random_tokens

CONTEXT = 512


class Llama:
    """A model and a context for one sequence of CONTEXT tokens."""

    def __init__(self, path: str) -> None:
        threads = os.cpu_count() or 1
        self._llama = llama_cpp.Llama(
            path,
            n_ctx=CONTEXT,
            n_batch=CONTEXT,
            n_ubatch=CONTEXT,
            n_threads=threads,
            n_threads_batch=threads,
            logits_all=True,
            verbose=False,
        )
        self._context = self._llama.ctx
        self._batch = llama_cpp.llama_batch_init(CONTEXT, 0, 1)

    def tokens(self, text: str) -> list[int]:
        return self._llama.tokenize(text.encode())

    def forget(self) -> None:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), False)

    def logits(self, tokens: Sequence[int], start: int, every: bool) -> np.ndarray:
        """Logits after each token, or after the last; not copied.  # [tokens or 1, vocabulary]"""
        batch = self._batch
        batch.n_tokens = len(tokens)
        for i, token in enumerate(tokens):
            batch.token[i] = token
            batch.pos[i] = start + i
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
            batch.logits[i] = every or i + 1 == len(tokens)
        if llama_cpp.llama_decode(self._context, batch) != 0:
            raise RuntimeError("llama_decode failed")
        rows = len(tokens) if every else 1
        return np.ctypeslib.as_array(
            llama_cpp.llama_get_logits(self._context), shape=(rows, self._llama.n_vocab())
        )


def score(worker: Worker, llama: Llama) -> None:
    tokens = random_tokens(SCORED, seed=0).tolist()

    def work() -> dict[str, Any]:
        llama.forget()
        llama.logits(tokens, 0, every=True)
        return {"count": SCORED}

    worker.repeat(work)


def generate(worker: Worker, llama: Llama) -> None:
    prompt = random_tokens(PROMPT, seed=0).tolist()

    def work() -> dict[str, Any]:
        llama.forget()
        token = int(llama.logits(prompt, 0, every=False).argmax())
        start = time.perf_counter()
        for position in range(PROMPT, PROMPT + GENERATED - 1):
            token = int(llama.logits([token], position, every=False).argmax())
        return {"count": GENERATED - 1, "seconds": time.perf_counter() - start}

    worker.repeat(work)


def first(worker: Worker, llama: Llama) -> None:
    llama.logits(llama.tokens("The sky is blue."), 0, every=True)
    worker.answer(done=time.monotonic())


WORKS = {work.__name__: work for work in (score, generate, first)}


def main() -> None:
    work, path = sys.argv[1:]
    worker = Worker()
    WORKS[work](worker, Llama(path))
    worker.end(
        version=f"llama-cpp-python {version('llama_cpp_python')}",
        build=llama_cpp.llama_print_system_info().decode(),
    )


main()
