"""Measurements by turns: each worker is a fresh process that repeats its work when it is told to.

So the repetitions of libadpo and of a peer alternate, and a noisy machine disturbs both alike. A
worker answers a line of JSON when it is ready, one after each turn, and one at the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class Worker:
    """The side of the process that measures."""

    def __init__(self) -> None:
        # What others print to the standard output shall not be taken for an answer.
        self._answers = os.fdopen(os.dup(1), "w", buffering=1)
        os.dup2(2, 1)

    def wait(self) -> bool:
        """Wait for a turn; False when there is none any more."""
        return bool(sys.stdin.readline())

    def answer(self, **values: Any) -> None:
        print(json.dumps(values), file=self._answers)

    def repeat(self, work: Callable[[], dict[str, Any] | None]) -> None:
        """Do the work once for warming up, then once a turn; it may measure its own `seconds`."""
        work()
        self.answer()
        while self.wait():
            start = time.perf_counter()
            values = work() or {}
            self.answer(**{"seconds": time.perf_counter() - start, **values})

    def end(self, **values: Any) -> None:
        self.answer(peak_megabytes=peak_megabytes(), **values)


def peak_megabytes() -> float:
    """Peak resident memory of this process, and not, as with ru_maxrss, of its parent before."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("/proc/self/status has no VmHWM")


@dataclass(frozen=True)
class Result:
    """What a worker measured: its answer to each turn, and its last."""

    turns: list[dict[str, Any]]
    last: dict[str, Any]

    @property
    def seconds(self) -> float:
        """The shortest turn: what else runs on the machine only makes one longer."""
        return min(turn["seconds"] for turn in self.turns)

    @property
    def rate(self) -> float:
        """Tokens, or what else the worker counts, in a second of its best turn."""
        return max(turn.get("count", 1) / turn["seconds"] for turn in self.turns)

    @property
    def peak_megabytes(self) -> float:
        return self.last["peak_megabytes"]


class _Process:
    """A worker as its parent sees it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the process
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            bufsize=1,
        )

    def read(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._errors.seek(0)
            text = self._errors.read().decode("utf-8", "replace")[-4000:]
            sys.exit(f"{' '.join(self._command)}\nended without an answer:\n{text}")
        return json.loads(line)

    def turn(self) -> dict[str, Any]:
        self._process.stdin.write("\n")
        return self.read()

    def end(self) -> dict[str, Any]:
        self._process.stdin.close()
        last = self.read()
        self._process.wait()
        return last

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def alternate(commands: Sequence[Sequence[str]], turns: int) -> list[Result]:
    """Let the commands take turns; all of them are loaded and warm before the first turn."""
    processes: list[_Process] = []
    try:
        for command in commands:
            processes.append(_Process(command))
            processes[-1].read()
        answers = [[process.turn() for process in processes] for _ in range(turns)]
        lasts = [process.end() for process in processes]
    except BaseException:
        for process in processes:
            process.kill()
        raise
    return [Result(list(of), last) for of, last in zip(zip(*answers), lasts)]


def fresh(commands: Sequence[Sequence[str]], turns: int) -> list[list[dict[str, Any]]]:
    """Run whole processes by turns, each answering once; `started` is when, by time.monotonic."""
    answers: list[list[dict[str, Any]]] = [[] for _ in commands]
    for _ in range(turns):
        for command, of in zip(commands, answers):
            started = time.monotonic()
            process = _Process(command)
            of.append({**process.read(), "started": started})
            process.end()
    return answers
