"""Let the model answer many problems: a process for each core, with one thread each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import adpo
import task

MAX_TOKENS = 64


class Request(NamedTuple):
    """A problem, and how to sample its answer; temperature 0 takes the likeliest token."""

    problem: task.Problem
    temperature: float = 0.0
    seed: int = 0


class Answer(NamedTuple):
    """What the model wrote. One that did not end within MAX_TOKENS is not right."""

    text: str
    tokens: int
    has_ended: bool
    is_right: bool


def write(model: Path, adapter: Path | None, requests: Iterable[Request]) -> Iterator[Answer]:
    """Answer the requests, in their order, with an adapter or with the model alone."""
    # New processes rather than forks, which would share what the parent computes with.
    context = multiprocessing.get_context("spawn")
    with context.Pool(initializer=_open, initargs=(model, adapter)) as pool:
        yield from pool.imap(_answer, requests)


_session: adpo.Session


def _open(model: Path, adapter: Path | None) -> None:
    global _session
    adpo.set_num_threads(1)
    loaded = adpo.Model(model)
    _session = adpo.Session(loaded, None if adapter is None else loaded.load_adapter(adapter))


def _answer(request: Request) -> Answer:
    problem, temperature, seed = request
    written = _session.generate(
        problem.prompt, max_tokens=MAX_TOKENS, temperature=temperature, seed=seed
    )
    has_ended = bool(written.tokens[-1] == _session.model.eos)
    is_right = has_ended and problem.is_solved_by(written.text)
    return Answer(written.text, len(written.tokens), has_ended, is_right)
